#include <ebb/autograd/sweep.hpp>

#include <algorithm>
#include <ebb/autograd/call_site.hpp>
#include <ebb/autograd/engine.hpp>
#include <ebb/autograd/grads.hpp>
#include <ebb/autograd/tape_impl.hpp>
#include <ebb/ops/denormals.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

namespace ebb::detail {

/// Prefetches upcoming nodes and values: a long tape has left the cache, and its access pattern is irregular. Always
/// inline, since g++ drops calls to a function that only prefetches.
[[gnu::always_inline]] static inline void look_ahead(const Node& soon, const Node& sooner) {
  constexpr std::size_t most = 2048;  // bytes; the hardware prefetcher goes on from there
  for (std::size_t k = 0; k < sizeof(Node); k += 64) __builtin_prefetch(reinterpret_cast<const char*>(&soon) + k);
  if (!sooner.value) return;
  const char* p = static_cast<const char*>(sooner.value.raw());
  for (std::size_t k = 0, end = std::min(most, sooner.value.bytes()); k < end; k += 64) __builtin_prefetch(p + k);
}

/// The scope of a running sweep. After an exception, a graph that was being freed counts as freed; the caller clears
/// the adjoints.
class Sweep::Scope {
 public:
  Scope(Sweep& s, bool free_values)
      : sweep_(s), flush_(engine().flush), recorded_(s.tape.set_recording(false)), time_(s.tape.time()),
        free_values_(free_values) {
    s.running_ = true;
    s.freeing_ = free_values && engine().reuse;
  }
  ~Scope() {
    sweep_.running_ = false;
    sweep_.tape.set_recording(recorded_);
    sweep_.tape.set_time(time_);
    if (free_values_) sweep_.freed_ = sweep_.tape.top();
    sweep_.deferred.clear();
    sweep_.step_ends_.drop_sweep();
  }

 private:
  Sweep& sweep_;
  const FlushDenormals flush_;
  const bool recorded_;
  const int time_;
  const bool free_values_;
};

void Sweep::run(std::uint32_t root, Array seed, bool free_values) {
  const Scope scope(*this, free_values);
  accumulate(root, std::move(seed));
  step_ends_.begin_sweep(tape, root);
  ends_.clear();
  down(root, 0);
  deferred.flush_all();
  step_ends_.end_sweep(tape);
}

void Sweep::down(std::uint32_t from, std::uint32_t to) {
  const bool far = tape.stats().kept_bytes > (std::int64_t{1} << 20);  // more than stays in the cache
  for (std::uint32_t id = from; id > to; --id) {
    while (step_ends_.reached(id)) [[unlikely]]
      step_ends_.put_aside(tape);
    Node& n = tape.node(id);
    if (far && id > 32) look_ahead(tape.node(id - 32), tape.node(id - 16));
    if (n.group && n.op) deferred.flush(id);  // leaves are flushed at the end
    if (!n.requires_grad) continue;
    if (!n.op || n.retained) ends_.push_back(id);
    if (!n.op || !n.recorded) continue;
    if (n.grad && (marks_.empty() || marks_[id])) visit(id);
    if (freeing_ && n.handles == 0) n.value.reset();
  }
}

inline void Sweep::visit(std::uint32_t id) {
  if (freed(id))
    throw TapeError("backward: part of this graph was freed by an earlier backward; pass retain_graph = true there");
  Node& n = tape.node(id);
  tape.set_time(n.time);
  if (Probe* p = tape.probe()) [[unlikely]]
    p->sweep(*this, id);
  else n.op->sweep(*this, id);
  if (!n.retained) n.grad.reset();
}

/// A node's adjoint, not shared with another node's.
inline Array& Sweep::writable(Node& n) {
  if (n.in_flat) close_gaps(n);
  else if (!n.grad.unique() || !n.grad.contiguous()) n.grad = n.grad.copy();
  return n.grad;
}

Adjoint Sweep::adjoint(std::uint32_t id) {
  Node& n = tape.node(id);
  if (n.in_parent()) {
    Adjoint parent = adjoint(n.inputs()[0]);
    if (!parent.accumulate) parent.target().fill(0);
    return Adjoint(n.op->place(n.attributes, parent.target()));
  }
  if (n.grad) return {writable(n), true};
  new (&n.grad) Array(Array::empty(n.shape, tape.dtype()));  // in place of an empty one, which has nothing to release
  return {n.grad, false};
}

void Sweep::accumulate(std::uint32_t id, Array contribution) {
  Node& n = tape.node(id);
  if (!(contribution.shape() == n.shape))
    throw ShapeError("backward: a gradient of shape " + text(contribution.shape()) + " reached a value of shape " +
                     text(n.shape) + ", " + (n.op ? n.op->name : "an input") + origin_of(tape.handle(id)));
  if (n.in_parent()) return add_into(adjoint(id).target(), contribution);
  if (n.grad) return add_into(writable(n), contribution);
  // Forwarded by pointer; copied only when written to while shared.
  new (&n.grad) Array(engine().forward || contribution.unique() ? std::move(contribution) : contribution.copy());
}

void Sweep::collect(Grads& g, std::uint32_t root) {
  const auto take = [&](std::uint32_t id) {
    Node& n = tape.node(id);
    if (!n.requires_grad || (n.op && !n.retained)) return;  // an op's was freed by the sweep
    if (n.retained || !n.leaf) {
      Array kept = n.grad ? n.grad : Array::zeros(n.shape, tape.dtype());
      g.keep(tape.handle(id), n.leaf ? kept.copy() : kept);
    }
    if (n.leaf && n.grad && !n.in_flat) {
      Array place = g[Leaf(n.leaf)];
      add_into(place, n.grad);
    }
    n.grad.reset();
    n.in_flat = false;
  };
  for (std::size_t k = root == 0 ? 0 : ends_.size(); k-- > 0;) take(ends_[k]);
  for (std::uint32_t id = root + 1; id <= tape.top(); ++id) take(id);
}

void Sweep::clear_adjoints() noexcept {
  for (std::uint32_t id = 1; id <= tape.top(); ++id) {
    Node& n = tape.node(id);
    n.grad.reset();
    n.in_flat = false;
  }
}

void Sweep::clear() noexcept {
  marks_.clear();
  deferred.clear();
  step_ends_.clear();
  freed_ = 0;
}

Sweep::Paths::Paths(Sweep& s, std::uint32_t root, const std::vector<Var>& from) : sweep_(s) {
  std::vector<char> marks(root + 1, 0);
  for (const Var& v : from)
    if (v.node() <= root) marks[v.node()] = 1;
  for (std::uint32_t id = 1; id <= root; ++id) {
    Node& n = s.tape.node(id);
    for (int k = 0; n.requires_grad && k < n.input_count; ++k)
      if (n.inputs()[k] != 0 && marks[n.inputs()[k]]) marks[id] = 1;
  }
  s.marks_ = std::move(marks);
}

Sweep::Paths::~Paths() {
  sweep_.marks_.clear();
  sweep_.clear_adjoints();
}

}  // namespace ebb::detail
