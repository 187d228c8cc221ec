#include <ebb/autograd/transformed_leaves.hpp>

#include <ebb/autograd/grad.hpp>
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
  const Pass at({.training = o.training, .seed = o.seed, .update = o.update});
  tape_.emplace(TapeOptions{.dtype = o.dtype});
  TapeImpl& t = TapeImpl::current();
  std::optional<NoGrad> off;
  if (!gradients) off.emplace();
  for (LeafData* data : set.get()->transformed) {
    const Leaf leaf(data);
    const Var raw = t.raw_leaf(leaf, std::source_location::current());
    leaves_.push_back({leaf, raw, transformed(leaf, raw, at)});
  }
  for (const Pair& p : leaves_)
    bound_.push_back(std::make_unique<Binding>(p.leaf, p.leaf.shape(), Var(), p.result.value(), true));
}

void TransformedLeaves::pull_back(Grads& g) {
  for (const Pair& p : leaves_) {
    if (!p.leaf.trained()) continue;
    Array place = g[p.leaf];
    place.assign(vjp(p.result, constant(place.copy()), {p.raw})[0].value());
  }
}

}  // namespace ebb::detail
