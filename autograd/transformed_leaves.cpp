#include <ebb/autograd/transformed_leaves.hpp>

#include <ebb/autograd/leaf_data.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

namespace ebb::detail {

Var transformed(const Leaf& leaf, const Var& raw, const Pass& at) {
  const Pass own = at.named("transform").named(leaf.name());
  Var w = raw;
  for (const Transform& f : leaf.get()->transforms) {
    w = f(w, own);
    if (!(w.shape() == leaf.shape()))
      throw ShapeError(std::string("parameter ") + leaf.name() + ": it is " + text(leaf.shape()) + ", and a transform made it " + text(w.shape()));
  }
  return w;
}

TransformedLeaves::TransformedLeaves(const LeafSet& set, const ShardOptions& o, bool gradients) {
  if (set.get()->transformed.empty()) return;
  tape_.emplace(TapeOptions{.dtype = o.dtype});
  TapeImpl& t = TapeImpl::current();
  t.transform_at = Pass({.training = o.training, .seed = o.seed, .update = o.update});
  std::optional<NoGrad> off;
  if (!gradients) off.emplace();
  for (LeafData* data : set.get()->transformed) {
    const Leaf leaf(data);
    leaves_.push_back({leaf, t.leaf(leaf, std::source_location::current())});
  }
  for (const Pair& p : leaves_)
    bound_.push_back(std::make_unique<Binding>(p.leaf, p.leaf.shape(), Var(), p.result.value(), true));
}

void TransformedLeaves::pull_back(Grads& g) {
  Var all;   // its gradient is what every leaf gets through the transforms, also those that a transform reads besides its own
  for (const Pair& p : leaves_) {
    Array place = g[p.leaf];
    const Var share = sum(p.result * constant(place.copy()));
    all = all ? all + share : share;
    place.fill(0);
  }
  if (all) g.add(tape_->backward(all));
}

}  // namespace ebb::detail
