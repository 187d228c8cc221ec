#include <algorithm>
#include <ebb/autograd/fuse_run.hpp>
#include <ebb/autograd/op.hpp>
#include <ebb/autograd/watch_point.hpp>
#include <ebb/ops/broadcasting.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>
#include <new>

/// The non-template part of fuse: shapes, memory for results and for kept values, and the tape record.
namespace ebb::detail {
namespace {

/// One call, from operands to results.
struct Call {
  Call(TapeImpl& tape, const FuseProgram& program, Var* operands, const std::source_location& at)
      : t(tape), p(program), in(operands), where(at) {}

  TapeImpl& t;
  const FuseProgram& p;
  Var* in;
  const std::source_location& where;
  bool record = false;
  bool even = true;  // all operands have the full shape
  Shape shape;
  const Array* x[fuse_operands];  // the operands' values
  // Per operand; set by find_dying.
  bool dying[fuse_operands];  // its values may be overwritten if its whole buffer is
  bool taken[fuse_operands];  // its memory has been reused already
  int group[fuse_operands];   // first operand in the same buffer
  int group_size[fuse_operands];
  bool filled[fuse_operands];  // the group's whole buffer is reused
  int largest = 0;             // size of a group
  FuseRecord* made = nullptr;
  Array result[fuse_results];

  void read_operands();
  Shape shape_of(unsigned operands) const;
  bool plain() const;
  void find_dying();
  bool blocks_of_one_row(int first) const;
  void place_slots();
  bool whole_intermediate(int slot) const;
  void fill_group(int group, int& left);
  void take(int operand, Array& to);
  void place_results();
  void compute();
  void make_record();
  void give(Var* out);
};

void Call::read_operands() {
  for (int k = 0; k < p.operands; ++k) {
    t.node(in[k], "fuse");
    x[k] = &t.value(in[k].node());
    if (!*x[k]) throw TapeError("fuse: the value of an operand was freed");
    even = even && x[k]->shape() == x[0]->shape();
  }
  shape = even ? x[0]->shape() : shape_of(~0u);
  record = t.any_requires(in, p.operands);
}

/// Whether x is a scalar or a row that an array of shape s repeats: the common cases of broadcasting.
bool repeats(const Shape& x, const Shape& s) {
  return x.rank() == 0 || (x.rank() == 1 && s.rank() > 0 && x.columns() == s.columns());
}

/// The shape to which these operands broadcast.
Shape Call::shape_of(unsigned operands) const {
  Shape s;
  bool fits = true, first = true;
  for (int k = 0; k < p.operands; ++k) {
    if ((operands >> k & 1) == 0) continue;
    if (first) s = x[k]->shape();
    else if (!(x[k]->shape() == s) && !repeats(x[k]->shape(), s)) fits = broadcast_into(s, x[k]->shape()) && fits;
    first = false;
  }
  if (fits) return s;
  std::string message = "fuse: shapes ";
  for (int k = 0; k < p.operands; ++k)
    message += (k == 0 ? "" : k + 1 == p.operands ? " and " : ", ") + text(x[k]->shape());
  throw ShapeError(message + " do not broadcast");
}

/// Whether to run the lambda on Vars: for higher-order gradients, or if a result is smaller than the full shape.
bool Call::plain() const {
  if (record && t.order() > 1) return true;
  if (even) return false;
  const unsigned all = (1u << p.operands) - 1;
  for (int r = 0; r < p.results; ++r)
    if (p.result_operands[r] != all && !(shape_of(p.result_operands[r]) == shape)) return true;
  return false;
}

/// Finds operands that only this call references, by buffer. A column block may be overwritten if all blocks of its
/// buffer die here.
void Call::find_dying() {
  for (int k = 0; k < p.operands; ++k) {
    const Node& n = t.node(in[k].node());
    group[k] = k;
    group_size[k] = 0;
    taken[k] = filled[k] = false;
    dying[k] = engine().reuse && n.handles == 1 && !n.keep && !n.lazy && x[k]->shape() == shape;
    for (int j = 0; dying[k] && j < k; ++j)
      if (dying[j] && x[j]->same_buffer(*x[k])) {
        group[k] = group[j];
        break;
      }
    if (dying[k]) ++group_size[group[k]];
  }
  for (int k = 0; k < p.operands; ++k) {
    if (!dying[k]) continue;
    const int g = group[k], size = group_size[g];
    if (g < k) dying[k] = dying[g];
    else
      dying[k] = x[k]->holders() == static_cast<std::uint32_t>(size) &&
                 (size == 1 ? x[k]->contiguous() : blocks_of_one_row(g));
    if (dying[k]) largest = std::max(largest, size);
  }
}

/// Whether the group consists of all column blocks of one array.
bool Call::blocks_of_one_row(int first) const {
  const std::int64_t columns = shape.columns();
  const auto place = [&](int k) { return static_cast<const char*>(x[k]->raw()); };
  const std::int64_t bytes = columns * static_cast<std::int64_t>(bytes_of(t.dtype()));
  for (int k = first; k < p.operands; ++k) {
    if (group[k] != first) continue;
    if (x[k]->row_stride() != columns * group_size[first]) return false;
    for (int j = first; j < k; ++j) {
      const std::int64_t apart = place(k) - place(j);
      if (group[j] == first && (apart > -bytes && apart < bytes)) return false;
    }
  }
  return true;
}

/// Kept operands stay in place. Intermediates are written to dying buffers that they fill completely, else to new
/// arrays: a partly needed buffer would be kept as a whole.
void Call::place_slots() {
  int left = 0;
  for (int k = 0; k < p.slots; ++k) {
    if (p.slot[k].operand >= 0) taken[p.slot[k].operand] = true;
    if (whole_intermediate(k)) ++left;
  }
  for (int size = largest; size >= 1; --size)
    for (int g = 0; g < p.operands; ++g)
      if (dying[g] && group[g] == g && group_size[g] == size) fill_group(g, left);
  for (int k = 0; k < p.slots; ++k) {
    const FuseSlot& s = p.slot[k];
    Array& slot = made->slot[k];
    if (s.operand >= 0) {
      const bool dies = dying[s.operand];
      if (dies && !filled[group[s.operand]]) slot = x[s.operand]->copy();
      else if (dies && s.result < 0) take(s.operand, slot);
      else slot = *x[s.operand];  // if it is a result too, place_results puts that in the slot
    }
    if (s.intermediate >= 0 && !slot) slot = Array::empty(even ? shape : shape_of(s.operands), t.dtype());
  }
}

bool Call::whole_intermediate(int k) const {
  return p.slot[k].intermediate >= 0 && !made->slot[k] && (even || shape_of(p.slot[k].operands) == shape);
}

void Call::fill_group(int g, int& left) {
  int room = 0;
  for (int k = g; k < p.operands; ++k) room += dying[k] && group[k] == g && !taken[k];
  if (room > left) return;
  filled[g] = true;
  left -= room;
  for (int k = g, s = 0; k < p.operands; ++k) {
    if (!dying[k] || group[k] != g || taken[k]) continue;
    while (!whole_intermediate(s)) ++s;
    take(k, made->slot[s]);
  }
}

/// Moves a dying operand's value, which costs no reference count.
void Call::take(int k, Array& to) {
  to = std::move(t.node(in[k].node()).value);
  x[k] = &to;
  taken[k] = true;
}

void Call::place_results() {
  for (int r = 0; r < p.results; ++r) {
    for (int k = 0; !result[r] && k < p.operands; ++k) {
      if (!dying[k] || taken[k] || group_size[group[k]] > 1) continue;
      take(k, result[r]);
    }
    if (!result[r]) result[r] = Array::empty(shape, t.dtype());
  }
  for (int k = 0; record && k < p.slots; ++k)
    if (p.slot[k].result >= 0) made->slot[k] = result[p.slot[k].result];
}

void Call::compute() {
  FusePlace from[fuse_operands], to[fuse_streams];
  for (int k = 0; k < p.operands; ++k) from[k] = place_of(*x[k]);
  for (int r = 0; r < p.results; ++r) to[r] = place_of(result[r]);
  for (int k = 0; k < p.intermediates; ++k) to[p.results + k] = {nullptr, &shape, 0, false};
  for (int k = 0; record && k < p.slots; ++k)
    if (p.slot[k].intermediate >= 0) to[p.results + p.slot[k].intermediate] = place_of(made->slot[k]);
  fuse_run(
      {fuse_kernel(p.forward, t.dtype()), shape, t.dtype(), p.operands, p.results + p.intermediates, 0, false, false},
      from, to);
}

void Call::make_record() {
  const int arrays = p.slots + p.results;
  char* memory = static_cast<char*>(t.arena(sizeof(FuseRecord) + sizeof(Array) * static_cast<std::size_t>(arrays)));
  Array* a = reinterpret_cast<Array*>(memory + sizeof(FuseRecord));
  for (int k = 0; k < arrays; ++k) new (a + k) Array;
  made = new (memory) FuseRecord{&p, shape, a, a + p.slots};
}

void Call::give(Var* out) {
  for (int k = 0; k < p.operands; ++k)
    if (dying[k]) t.node(in[k].node()).value.reset();
  if (!record) {
    for (int r = 0; r < p.results; ++r) out[r] = t.push(std::move(result[r]), where);
    return;
  }
  if (p.results == 1) {
    out[0] = t.record(fuse_table, made, in, p.operands, std::move(result[0]), shape, where);
    return;
  }
  const Var op = t.record(fuse_table, made, in, p.operands, Array(), Shape{}, where);
  for (int r = 0; r < p.results; ++r) {
    void* which = new (t.arena(sizeof(int))) int(r);
    out[r] = t.record(fuse_result_table, which, &op, 1, std::move(result[r]), shape, where);
  }
}

/// Runs the lambda on Vars for the values that it names, and discards its results.
void name_values(const FuseProgram& p, const Var* in) {
  const NoGrad off;
  Var operands[fuse_operands], results[fuse_results];
  std::copy(in, in + p.operands, operands);
  p.plain(operands, results);
}

}  // namespace

void fuse(const FuseProgram& p, Var* in, Var* out, const std::source_location& where) {
  TapeImpl& t = TapeImpl::current("fuse");
  try {
    Call c(t, p, in, where);
    c.read_operands();
    if (!c.plain()) {
      if (watch_point) [[unlikely]]
        name_values(p, in);
      if (Probe* probe = t.probe()) [[unlikely]]
        probe->began(t, "fuse", in, p.operands);
      c.find_dying();
      if (c.record) {
        c.make_record();
        c.place_slots();
      }
      c.place_results();
      c.compute();
      return c.give(out);
    }
  } catch (...) { rethrow_at(where); }
  p.plain(in, out);
}

Var fuse_number(double x) { return TapeImpl::current("fuse").number(x); }

}  // namespace ebb::detail
