#include <ebb/autograd/recomputed.hpp>

#include <ebb/autograd/binding.hpp>
#include <ebb/autograd/leaf_data.hpp>
#include <ebb/autograd/replay.hpp>
#include <ebb/autograd/watch_point.hpp>
#include <ebb/ops/error.hpp>

namespace ebb::detail {

namespace {

/// The parameters on the tape, whether or not the part uses them, also after their transforms, which are recorded here
/// if they were not before: nothing that outlives the part may be recorded with it.
void add_parameters(TapeImpl& t, PoolVector<Var>& inputs, const std::source_location& where) {
  const std::uint32_t top = t.top();
  for (std::uint32_t id = 1; id <= top; ++id) {
    LeafData* const leaf = t.node(id).leaf;
    if (!leaf) continue;
    inputs.push_back(t.handle(id));
    if (leaf->transforms) inputs.push_back(t.leaves().of(Leaf(leaf), where));
  }
  for (const Binding* b = bindings(); b; b = b->outer)
    if (b->var && b->var.epoch() == t.epoch()) inputs.push_back(b->var);
}

/// In its scope parameters are bound to the values that they had when the part was first run.
class BoundAgain {
 public:
  explicit BoundAgain(const PoolVector<std::uint64_t>& serials) : before_(bindings()) {
    Binding* first = serials.empty() ? nullptr : before_;
    while (first && first->serial != serials.front()) first = first->outer;
    const Binding* at = first;
    for (const std::uint64_t serial : serials) {
      if (!at || at->serial != serial)
        throw TapeError(
            "checkpoint: a parameter was bound to other values when the sequence was run, and no longer is: keep the "
            "Bind until after backward");
      at = at->outer;
    }
    bindings() = first;
  }
  ~BoundAgain() { bindings() = before_; }
  BoundAgain(const BoundAgain&) = delete;
  BoundAgain& operator=(const BoundAgain&) = delete;

 private:
  Binding* const before_;
};

void replay_recomputed(Replay&, std::uint32_t) {
  throw TapeError("checkpoint: its gradient was recorded as first-order only");
}

void destroy_recomputed(void* part) { delete *static_cast<Recomputed**>(part); }

}  // namespace

struct RecomputedTables {
  static constexpr OpTable part{"checkpoint",      need_inputs,        false,  &Recomputed::sweep,
                                replay_recomputed, destroy_recomputed, nullptr};
  static constexpr OpTable result{"checkpoint result", need_nothing, false,  &Recomputed::sweep_result,
                                  replay_recomputed,   nullptr,      nullptr};
};

void Recomputed::record(std::unique_ptr<Recomputed> part, const PoolVector<Var>& inputs,
                        const std::source_location& where) {
  TapeImpl& t = TapeImpl::current("checkpoint");
  Recomputed& p = *part;
  p.inputs_ = static_cast<int>(inputs.size());
  p.flushed_ = FlushDenormals::on();
  for (const Binding* b = bindings(); b; b = b->outer) p.bound_.push_back(b->serial);
  PoolVector<Var> all = inputs;
  add_parameters(t, all, where);
  auto** const place = static_cast<Recomputed**>(t.arena(sizeof(Recomputed*)));
  *place = part.release();
  p.node_ =
      t.record(RecomputedTables::part, place, all.data(), static_cast<int>(all.size()), Array(), Shape(), where).node();
}

Var Recomputed::result(const Array& value, const std::source_location& where) {
  TapeImpl& t = TapeImpl::current("checkpoint");
  const Var part = t.handle(node_);
  auto* const of = new (t.arena(sizeof(ResultOf))) ResultOf{this, results()};
  Var v = t.record(RecomputedTables::result, of, &part, 1, Array(value), value.shape(), where);
  results_.push_back({v.node(), false, {}});
  return v;
}

bool Recomputed::end_step(const Var& v) {
  TapeImpl* const t = TapeImpl::find(v.epoch());
  if (!t || t->node(v.node()).op != &RecomputedTables::result) return false;
  const auto& of = *static_cast<const ResultOf*>(t->node(v.node()).attributes);
  of.part->results_[static_cast<std::size_t>(of.number)].at_end = true;
  return true;
}

Var Recomputed::part_of(const Var& v) {
  TapeImpl* const t = TapeImpl::find(v.epoch());
  if (!t || t->node(v.node()).op != &RecomputedTables::result) return {};
  return t->handle(t->node(v.node()).inputs()[0]);
}

Recomputed::Wanted Recomputed::wanted(TapeImpl& t, int result) const {
  const Result& r = results_[static_cast<std::size_t>(result)];
  if (!t.node(r.node).retained) return Wanted::no;
  return r.at_end ? Wanted::at_end : Wanted::whole;
}

void Recomputed::give(TapeImpl& t, int result, const Array& gradient) const {
  t.node(results_[static_cast<std::size_t>(result)].node).grad = gradient;
}

/// Its results follow it, so that all of their adjoints have arrived.
void Recomputed::sweep(Sweep& s, std::uint32_t node) {
  TapeImpl& t = s.tape;
  Recomputed& part = **static_cast<Recomputed**>(t.node(node).attributes);
  const BoundAgain bound(part.bound_);
  const WatchNothing seen;  // values were watched in the forward pass
  PoolVector<Var> inputs;
  for (int k = 0; k < part.inputs_; ++k) inputs.push_back(t.handle(t.node(node).inputs()[k]));
  part.again(t, inputs);
  for (Result& r : part.results_) r.adjoint.reset();
}

void Recomputed::sweep_result(Sweep& s, std::uint32_t node) {
  TapeImpl& t = s.tape;
  const ResultOf of = *static_cast<const ResultOf*>(t.node(node).attributes);
  const std::uint32_t part = of.part->node_;
  if (!s.wants(part)) return;
  if (!t.node(part).grad) {
    for (Result& r : of.part->results_) r.adjoint.reset();  // left over if an earlier sweep threw
    t.node(part).grad = t.value(t.number(0).node());        // so that the sweep visits it
  }
  Node& n = t.node(node);
  Array& arrived = of.part->results_[static_cast<std::size_t>(of.number)].adjoint;
  if (n.retained) arrived = n.grad;
  else arrived = std::move(n.grad);
}

Recomputed::Running::Running(const Recomputed& part, TapeImpl& t, bool recording)
    : tape_(t), flush_(part.flushed_), before_(t.set_recording(recording)) {}

bool bound_by_time() {
  for (const Binding* b = bindings(); b; b = b->outer)
    if (b->by_time) return true;
  return false;
}

}  // namespace ebb::detail
