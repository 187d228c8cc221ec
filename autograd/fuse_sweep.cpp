#include <cstring>
#include <ebb/autograd/fuse_run.hpp>
#include <ebb/ops/error.hpp>

/// The sweep of a fused op: one kernel writes the adjoints of all operands, in place.
namespace ebb::detail {
namespace {

/// Whether two places share an element. Column blocks of one array do not, though their rows interleave.
bool overlap(const FusePlace& a, const FusePlace& b, std::int64_t size) {
  const auto extent = [&](const FusePlace& p) { return ((p.shape.rows() - 1) * p.row_stride + p.shape.columns()) * size; };
  const char *pa = static_cast<const char*>(a.p), *pb = static_cast<const char*>(b.p);
  if (!pa || !pb || pa + extent(a) <= pb || pb + extent(b) <= pa) return false;
  if (a.row_stride != b.row_stride || a.row_stride == 0) return true;
  const std::int64_t apart = ((pb - pa) / size % a.row_stride + a.row_stride) % a.row_stride;
  return apart < a.shape.columns() || a.row_stride - apart < b.shape.columns();
}

void clear(const FusePlace& p, std::int64_t size) {
  for (std::int64_t r = 0; r < p.shape.rows(); ++r)
    std::memset(static_cast<char*>(p.p) + r * p.row_stride * size, 0, static_cast<std::size_t>(p.shape.columns() * size));
}

/// Where the operands' gradients go. Only addresses are held: a handle would make the tape copy a parent's adjoint when the
/// next block of it is asked for.
struct Targets {
  TapeImpl& t;
  const FuseRecord& r;
  const std::uint32_t* inputs;
  std::int64_t size;
  FusePlace to[fuse_operands];
  bool shared = false;   // two of them meet

  int same_operand(int k) const {
    for (int j = 0; j < k; ++j)
      if (to[j].p && inputs[r.program->gradient_of[j]] == inputs[r.program->gradient_of[k]]) return j;
    return -1;
  }
  void find() {
    for (int k = 0; k < r.program->gradients; ++k) {
      const std::uint32_t id = inputs[r.program->gradient_of[k]];
      to[k].shape = r.shape;
      if (!t.wants(id)) continue;
      if (const int j = same_operand(k); j >= 0) {
        to[k] = to[j];
        to[k].add = true;
        continue;
      }
      bool fresh = false;
      to[k] = place_of(t.adjoint(id, fresh));
      to[k].add = !fresh;
      if (!(to[k].shape == r.shape)) start_at_zero(k);   // a sum over rows
    }
    for (int k = 0; k < r.program->gradients; ++k)
      for (int j = 0; j < k; ++j)
        if (overlap(to[j], to[k], size) && !(to[j].p == to[k].p && to[k].add)) {
          start_at_zero(j);
          start_at_zero(k);
          shared = true;
        }
  }
  void start_at_zero(int k) {
    if (!to[k].add) clear(to[k], size);
    to[k].add = true;
  }
};

void sweep_fused(TapeImpl& t, std::uint32_t id) {
  FuseRecord& r = *static_cast<FuseRecord*>(t.node(id).attributes);
  const FuseProgram& p = *r.program;
  if (p.results == 1) r.adjoint[0] = t.node(id).grad;
  static const double zero = 0;
  FusePlace from[fuse_streams];
  unsigned live = 0;
  for (int k = 0; k < p.slots; ++k) from[k] = place_of(r.slot[k]);
  for (int k = 0; k < p.results; ++k) {
    if (r.adjoint[k]) live |= 1u << k;
    from[p.slots + k] = r.adjoint[k] ? place_of(r.adjoint[k]) : FusePlace{const_cast<double*>(&zero), Shape{}, 0, false};
  }
  Targets targets{t, r, t.node(id).inputs(), static_cast<std::int64_t>(bytes_of(t.dtype)), {}, false};
  targets.find();
  if (p.gradients > 0)
    fuse_run({fuse_kernel(p.backward, t.dtype), r.shape, t.dtype, p.slots + p.results, p.gradients, live, true, targets.shared}, from,
             targets.to);
  for (int k = 0; k < p.results; ++k) r.adjoint[k] = Array();
  for (int k = 0; t.freeing && k < p.slots; ++k) r.slot[k] = Array();
}

/// One of several results: its adjoint waits at the op, which is swept later for it stands before its results.
void sweep_result(TapeImpl& t, std::uint32_t id) {
  const std::uint32_t op = t.node(id).inputs()[0];
  if (!t.wants(op)) return;
  FuseRecord& r = *static_cast<FuseRecord*>(t.node(op).attributes);
  if (!t.node(op).grad) {
    for (int k = 0; k < r.program->results; ++k) r.adjoint[k] = Array();   // an earlier sweep may have ended in an exception
    t.node(op).grad = t.value(t.number(0).node());                         // so that this one stops there
  }
  r.adjoint[*static_cast<const int*>(t.node(id).attributes)] = t.node(id).grad;
}

void destroy_fused(void* record) {
  FuseRecord* r = static_cast<FuseRecord*>(record);
  for (int k = 0; k < r->program->slots + r->program->results; ++k) r->slot[k].~Array();
  r->~FuseRecord();
}

void replay_fused(Replay&, std::uint32_t) {
  throw TapeError("fuse: its gradient was recorded for the first order only");
}

}  // namespace

const OpTable fuse_table{"fuse", need_nothing, true, sweep_fused, replay_fused, destroy_fused, nullptr};
const OpTable fuse_result_table{"fuse result", need_nothing, true, sweep_result, replay_fused, nullptr, nullptr};

}  // namespace ebb::detail
