#include <ebb/autograd/grad.hpp>
#include <ebb/autograd/leaf_data.hpp>
#include <ebb/autograd/tape_impl.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>

#include <algorithm>
#include <sstream>

namespace ebb::detail {

namespace {

/// Fetches what the sweep comes to soon: a long tape has left the cache, and its values stand where the processor does not
/// expect them. Always inline, for g++ takes a function that only prefetches for one without effect and drops the call.
[[gnu::always_inline]] inline void look_ahead(const Node& soon, const Node& sooner) {
  constexpr std::size_t most = 4096;   // bytes; the processor sees by itself how a longer value goes on
  for (std::size_t k = 0; k < sizeof(Node); k += 64) __builtin_prefetch(reinterpret_cast<const char*>(&soon) + k);
  if (!sooner.value) return;
  const char* p = static_cast<const char*>(sooner.value.raw());
  for (std::size_t k = 0, end = std::min(most, sooner.value.bytes()); k < end; k += 64) __builtin_prefetch(p + k);
}

}  // namespace

Array& TapeImpl::adjoint(std::uint32_t id, bool& fresh, Array& part) {
  Node& n = node(id);
  fresh = false;
  if (n.op && n.op->place && !n.retained) {
    Array above;
    part = n.op->place(n.attributes, zero_adjoint(n.inputs()[0], above));
    return part;
  }
  if (n.in_flat) return n.grad;
  if (!n.grad) {
    n.grad = Array::empty(n.shape, dtype);
    fresh = true;
  } else if (!n.grad.unique() || !n.grad.contiguous()) {
    n.grad = n.grad.copy();
  }
  return n.grad;
}

Array& TapeImpl::zero_adjoint(std::uint32_t id, Array& part) {
  bool fresh = false;
  Array& a = adjoint(id, fresh, part);
  if (fresh) a.fill(0);
  return a;
}

void TapeImpl::accumulate(std::uint32_t id, Array contribution) {
  Node& n = node(id);
  if (!(contribution.shape() == n.shape)) {
    std::ostringstream s;
    s << "backward: a gradient of shape " << contribution.shape() << " reached a value of shape " << n.shape << ", "
      << (n.op ? n.op->name : "an input") << origin_of(handle(id));
    throw ShapeError(s.str());
  }
  if (!n.grad && !(n.op && n.op->place && !n.retained)) {
    // Forwarded by pointer, copied only if written to while shared.
    n.grad = engine().forward || contribution.unique() ? std::move(contribution) : contribution.copy();
    return;
  }
  bool fresh = false;
  Array part;
  add_into(adjoint(id, fresh, part), contribution);
}

void TapeImpl::mark_paths(std::uint32_t root, const std::vector<Var>& from) {
  marks_.assign(root + 1, 0);
  for (const Var& v : from)
    if (v.node() <= root) marks_[v.node()] = 1;
  for (std::uint32_t id = 1; id <= root; ++id) {
    Node& n = node(id);
    for (int k = 0; n.requires_grad && k < n.input_count; ++k)
      if (n.inputs()[k] != 0 && marks_[n.inputs()[k]]) marks_[id] = 1;
  }
}

void TapeImpl::sweep_from(std::uint32_t root, Array seed, bool free_values) {
  sweeping = true;
  freeing = free_values && engine().reuse;
  const bool was_recording = recording_;
  const int was_time = time;
  recording_ = false;
  const auto restore = [&] { sweeping = false; recording_ = was_recording; time = was_time; };
  try {
    accumulate(root, std::move(seed));
    step_ends.begin_sweep(*this, root);
    for (std::uint32_t id = root; id >= 1; --id) {
      while (step_ends.reached(id)) [[unlikely]] step_ends.put_aside(*this);
      Node& n = node(id);
      if (id > 16) look_ahead(node(id - 16), node(id - 8));
      if (n.group && n.op) deferred.flush(id);   // leaves are flushed together at the end
      if (!n.op || !n.recorded || !n.requires_grad) continue;
      if (n.grad && (marks_.empty() || marks_[id])) {
        if (id <= spent) throw TapeError("backward: a part of this graph was spent by an earlier backward; pass keep = true there");
        time = n.time;
        if (tracing) trace(id, n.grad, "gradient");
        n.op->sweep(*this, id);
        if (!n.retained) n.grad = Array();
      }
      if (free_values && n.handles == 0 && engine().reuse) n.value = Array();
    }
    deferred.flush_all();
    step_ends.end_sweep(*this);
  } catch (...) {
    restore();
    deferred.clear();
    step_ends.drop_sweep();
    clear_adjoints();
    if (free_values) spent = top;   // a part of the values is gone
    throw;
  }
  restore();
}

void TapeImpl::clear_adjoints() {
  for (std::uint32_t id = 1; id <= top; ++id) node(id).grad = Array();
  for (std::uint32_t id : leaf_nodes_) node(id).in_flat = false;
  marks_.clear();
}

Grads TapeImpl::place_leaves() {
  Grads g;
  for (const UsedSet& u : used_sets_) g.flat_of(u.set, dtype);
  for (std::uint32_t id : leaf_nodes_) {
    Node& n = node(id);
    bool again = false;   // bound and as itself: one of the two has the place, the other's gradient is added at the end
    for (std::uint32_t other : leaf_nodes_) again |= node(other).in_flat && node(other).leaf == n.leaf;
    if (again || !n.requires_grad) continue;
    n.grad = g[Leaf(n.leaf)];
    n.in_flat = true;
  }
  return g;
}

void TapeImpl::collect(Grads& g) {
  for (std::uint32_t id = 1; id <= top; ++id) {
    Node& n = node(id);
    if (!n.requires_grad) continue;
    if (n.leaf && n.retained) g.keep(handle(id), n.grad ? n.grad.copy() : Array::zeros(n.shape, dtype));
    if (n.leaf && n.grad && !n.in_flat) {
      Array place = g[Leaf(n.leaf)];
      add_into(place, n.grad);
    } else if (!n.leaf && (n.retained || !n.op)) {
      g.keep(handle(id), n.grad ? n.grad : Array::zeros(n.shape, dtype));
    }
    n.grad = Array();
    n.in_flat = false;
  }
}

void Replay::add(std::uint32_t id, Var contribution) {
  const Shape& wanted = tape.node(id).shape;
  if (!(contribution.shape() == wanted)) {
    const bool wider = contribution.rank() > wanted.rank() || contribution.shape().size() > wanted.size();
    contribution = wider ? sum_to(std::move(contribution), wanted) : broadcast_to(std::move(contribution), wanted);
  }
  adjoint_[id] = adjoint_[id] ? adjoint_[id] + contribution : contribution;
}

std::vector<Var> replay(TapeImpl& t, std::uint32_t root, const Var& seed, const std::vector<Var>& wrt) {
  Replay r(t, root);
  r.adjoint_[root] = seed;
  std::vector<Var> entering(wrt.size());   // of states, as the sweep finds them behind their steps
  std::vector<std::uint32_t> ends;
  for (const Var& v : wrt) ends.push_back(v.node() <= root ? std::min(root, t.step_ends.of(v.node())) : 0);
  for (std::uint32_t id = root; id >= 1; --id) {
    for (std::size_t k = 0; k < wrt.size(); ++k)
      if (ends[k] == id) entering[k] = r.adjoint_[wrt[k].node()];
    if (!r.adjoint_[id] || !t.wants(id) || !t.node(id).op) continue;
    t.node(id).op->replay(r, id);
    bool asked = false;
    for (const Var& v : wrt) asked |= v.node() == id;
    if (!asked) r.adjoint_[id] = Var();
  }
  std::vector<Var> out;
  for (std::size_t k = 0; k < wrt.size(); ++k) {
    const std::uint32_t id = wrt[k].node();
    const Var& g = id > root || ends[k] != 0 ? entering[k] : r.adjoint_[id];
    out.push_back(g ? g : zeros(wrt[k].shape()));
  }
  return out;
}

}  // namespace ebb::detail

namespace ebb {

using detail::TapeImpl;

Grads Tape::backward(const Var& loss, bool keep) {
  TapeImpl& t = *static_cast<TapeImpl*>(impl_);
  const detail::Node& n = t.node(loss, "backward");
  if (n.shape.size() != 1) {
    std::ostringstream s;
    s << "backward: the loss must be a single number, this one is " << n.shape << ": take its sum or mean";
    throw ShapeError(s.str());
  }
  if (n.requires_grad && loss.node() <= t.spent)
    throw TapeError("backward: this graph was spent by an earlier backward; pass keep = true there to use it again");
  t.check_versions();
  Grads g = t.place_leaves();
  if (n.requires_grad) {
    const Shape shape = n.shape;
    t.sweep_from(loss.node(), Array::full(shape, 1, t.dtype), !keep);
    if (!keep) t.spent = t.top;
  }
  t.collect(g);
  return g;
}

namespace {

/// First order: a sweep on arrays that leaves the graph as it was.
std::vector<Var> sweep_for(TapeImpl& t, std::uint32_t root, const Var& adjoint, const std::vector<Var>& wrt) {
  std::vector<char> retained_before;
  for (const Var& v : wrt) retained_before.push_back(t.node(v).retained);
  const auto restore = [&] {
    for (std::size_t k = wrt.size(); k-- > 0;) t.node(wrt[k]).retained = retained_before[k] != 0;
  };
  for (const Var& v : wrt) t.node(v).retained = true;
  std::vector<Var> out;
  try {
    t.sweep_from(root, t.value(adjoint.node()), false);
  } catch (...) {
    restore();
    throw;
  }
  for (const Var& v : wrt) {
    detail::Node& n = t.node(v);
    out.push_back(constant(n.grad ? n.grad : Array::zeros(n.shape, t.dtype)));
  }
  restore();
  return out;
}

}  // namespace

std::vector<Var> vjp(const Var& y, const Var& adjoint, const std::vector<Var>& wrt, GradOptions o) {
  TapeImpl& t = TapeImpl::current("grad");
  const std::uint32_t root = y.node();
  if (t.node(y, "grad").requires_grad && root <= t.spent) throw TapeError("grad: this graph was spent by an earlier backward");
  for (const Var& v : wrt)
    if (!t.node(v, "grad").requires_grad)
      throw TapeError("grad: one of the Vars asked for does not need a gradient: make it with variable()");
  if (o.create_graph && t.order < 2)
    throw TapeError("grad: create_graph needs a tape of order 2 or more: Tape tape{{.order = 2}}");
  if (!t.node(y).requires_grad) {
    std::vector<Var> none;
    for (const Var& v : wrt) none.push_back(zeros(v.shape()));
    return none;
  }
  t.mark_paths(root, wrt);
  std::vector<Var> out;
  if (o.create_graph) {
    out = replay(t, root, adjoint, wrt);
  } else {
    out = sweep_for(t, root, adjoint, wrt);
  }
  t.clear_adjoints();
  return out;
}

std::vector<Var> grad(const Var& y, const std::vector<Var>& wrt, GradOptions o) {
  if (y.shape().size() != 1) {
    std::ostringstream s;
    s << "grad: y must be a single number, this one is " << y.shape() << "; vjp() takes an adjoint for other shapes";
    throw ShapeError(s.str());
  }
  return vjp(y, full(y.shape(), 1), wrt, o);
}

}  // namespace ebb
