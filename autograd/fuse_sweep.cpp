#include <cstring>
#include <ebb/autograd/fuse_run.hpp>
#include <ebb/ops/error.hpp>

/// The backward of a fused op: one kernel writes the adjoints of all operands in place.
namespace ebb::detail {
namespace {

/// Whether two memory regions share an element. Column blocks of one array do not, although their rows interleave.
bool overlap(const FusePlace& a, const FusePlace& b, std::int64_t size) {
  const auto extent = [&](const FusePlace& p) {
    return ((p.shape->rows() - 1) * p.row_stride + p.shape->columns()) * size;
  };
  const char *pa = static_cast<const char*>(a.p), *pb = static_cast<const char*>(b.p);
  if (!pa || !pb || pa + extent(a) <= pb || pb + extent(b) <= pa) return false;
  if (a.row_stride != b.row_stride || a.row_stride == 0) return true;
  const std::int64_t apart = ((pb - pa) / size % a.row_stride + a.row_stride) % a.row_stride;
  return apart < a.shape->columns() || a.row_stride - apart < b.shape->columns();
}

void clear(const FusePlace& p, std::int64_t size) {
  for (std::int64_t r = 0; r < p.shape->rows(); ++r)
    std::memset(static_cast<char*>(p.p) + r * p.row_stride * size, 0,
                static_cast<std::size_t>(p.shape->columns() * size));
}

/// Destinations of the operands' gradients. Holds addresses only: a handle would make the tape copy a parent's adjoint
/// when the next block of it is requested.
struct Targets {
  Targets(Sweep& s, const FuseRecord& record, const std::uint32_t* in)
      : sweep(s), t(s.tape), r(record), inputs(in), size(static_cast<std::int64_t>(bytes_of(s.tape.dtype()))) {}

  Sweep& sweep;
  TapeImpl& t;
  const FuseRecord& r;
  const std::uint32_t* inputs;
  std::int64_t size;
  FusePlace to[fuse_operands];
  std::uint32_t
      untouched[fuse_operands];  // parents whose adjoints are first written here, block by block and completely
  int untouched_count = 0;
  std::uint32_t owner[fuse_operands];  // the node whose adjoint each is in
  bool shared = false;                 // two regions overlap

  std::uint32_t operand(int k) const { return inputs[r.program->gradient_of[k]]; }
  /// The parent of a view, or 0.
  std::uint32_t parent_of(std::uint32_t id) const {
    const Node& n = t.node(id);
    return n.in_parent() ? n.inputs()[0] : 0;
  }
  std::uint32_t owner_of(std::uint32_t id) const {
    while (const std::uint32_t parent = parent_of(id)) id = parent;
    return id;
  }
  int same_operand(int k) const {
    for (int j = 0; j < k; ++j)
      if (operand(j) == operand(k) && to[j].p) return j;
    return -1;
  }

  /// Whether the views among the operands cover the parent, given that none overlap.
  bool fills(std::uint32_t parent) const {
    std::int64_t elements = 0;
    for (int k = 0; k < r.program->gradients; ++k) {
      const std::uint32_t id = operand(k);
      if (!sweep.wants(id) || parent_of(id) != parent || !(t.node(id).shape == r.shape)) continue;
      bool again = false;
      for (int j = 0; j < k; ++j) again |= operand(j) == id;
      if (!again) elements += r.shape.size();
    }
    return elements == t.node(parent).shape.size();
  }
  /// A view's block of its parent's adjoint.
  Adjoint block(std::uint32_t id, std::uint32_t parent) {
    Adjoint whole = sweep.adjoint(parent);
    if (!whole.accumulate && fills(parent)) untouched[untouched_count++] = parent;
    else if (!whole.accumulate) whole.target().fill(0);
    const Node& n = t.node(id);
    Adjoint part(n.op->place(n.attributes, whole.target()));
    for (int k = 0; k < untouched_count; ++k)
      if (untouched[k] == parent) part.accumulate = false;
    return part;
  }

  void find() {
    for (int k = 0; k < r.program->gradients; ++k) {
      const std::uint32_t id = operand(k);
      to[k] = {nullptr, &r.shape, 0, false};
      owner[k] = owner_of(id);
      if (!sweep.wants(id)) continue;
      if (const int j = same_operand(k); j >= 0) {
        to[k] = to[j];
        to[k].add = true;
        continue;
      }
      const std::uint32_t parent = parent_of(id);
      Adjoint a = parent ? block(id, parent) : sweep.adjoint(id);
      to[k] = {a.target().raw(), &t.node(id).shape, a.target().row_stride(), a.accumulate};
      if (!(*to[k].shape == r.shape)) start_at_zero(k);  // a sum over rows
    }
    for (int k = 0; k < r.program->gradients; ++k)
      for (int j = 0; j < k; ++j)
        if (owner[j] == owner[k] && overlap(to[j], to[k], size) && !(to[j].p == to[k].p && to[k].add)) shared = true;
    if (shared) start_all_at_zero();
  }
  void start_at_zero(int k) {
    if (!to[k].add) clear(to[k], size);
    to[k].add = true;
  }
  void start_all_at_zero() {
    for (int k = 0; k < untouched_count; ++k) t.node(untouched[k]).grad.fill(0);
    for (int k = 0; k < r.program->gradients; ++k)
      if (to[k].p) start_at_zero(k);
  }
};

void sweep_fused(Sweep& sweep, std::uint32_t id) {
  TapeImpl& t = sweep.tape;
  FuseRecord& r = *static_cast<FuseRecord*>(t.node(id).attributes);
  const FuseProgram& p = *r.program;
  if (p.results == 1) r.adjoint[0] = t.node(id).grad;
  static const double zero = 0;
  static const Shape number;
  FusePlace from[fuse_streams];
  unsigned live = 0;
  for (int k = 0; k < p.slots; ++k) from[k] = place_of(r.slot[k]);
  for (int k = 0; k < p.results; ++k) {
    if (r.adjoint[k]) live |= 1u << k;
    from[p.slots + k] = {const_cast<double*>(&zero), &number, 0, false};
    if (r.adjoint[k]) from[p.slots + k] = place_of(r.adjoint[k]);
  }
  Targets targets(sweep, r, t.node(id).inputs());
  targets.find();
  if (p.gradients > 0)
    fuse_run({fuse_kernel(p.backward, t.dtype()), r.shape, t.dtype(), p.slots + p.results, p.gradients, live, true,
              targets.shared},
             from, targets.to);
  for (int k = 0; k < p.results; ++k) r.adjoint[k] = Array();
  for (int k = 0; sweep.frees() && k < p.slots; ++k) r.slot[k] = Array();
}

/// One of several results: its adjoint is stored at the op, which is swept later since it precedes its results.
void sweep_result(Sweep& sweep, std::uint32_t id) {
  TapeImpl& t = sweep.tape;
  const std::uint32_t op = t.node(id).inputs()[0];
  if (!sweep.wants(op)) return;
  FuseRecord& r = *static_cast<FuseRecord*>(t.node(op).attributes);
  if (!t.node(op).grad) {
    for (int k = 0; k < r.program->results; ++k) r.adjoint[k] = Array();  // left over if an earlier sweep threw
    t.node(op).grad = t.value(t.number(0).node());                        // so that the sweep visits it
  }
  Node& n = t.node(id);
  Array& arrived = r.adjoint[*static_cast<const int*>(n.attributes)];
  if (n.retained) arrived = n.grad;
  else arrived = std::move(n.grad);
}

void destroy_fused(void* record) {
  FuseRecord* r = static_cast<FuseRecord*>(record);
  for (int k = 0; k < r->program->slots + r->program->results; ++k) r->slot[k].~Array();
  r->~FuseRecord();
}

void replay_fused(Replay&, std::uint32_t) { throw TapeError("fuse: its gradient was recorded as first-order only"); }

}  // namespace

const OpTable fuse_table{"fuse", need_nothing, true, sweep_fused, replay_fused, destroy_fused, nullptr};
const OpTable fuse_result_table{"fuse result", need_nothing, true, sweep_result, replay_fused, nullptr, nullptr};

}  // namespace ebb::detail
