#include <ebb/autograd/transformed_leaves.hpp>

#include <ebb/autograd/leaf_data.hpp>
#include <ebb/autograd/tape_impl.hpp>

namespace ebb::detail {

TransformedLeaves::TransformedLeaves(const LeafSet& set, DType dtype, const StepContext& context, bool gradients)
    : context_(context) {
  if (set.get()->transformed.empty()) return;
  tape_.emplace(TapeOptions{.dtype = dtype});
  TapeImpl& t = TapeImpl::current();
  t.leaves().set_context(&context_);
  std::optional<NoGrad> off;
  if (!gradients) off.emplace();
  for (LeafData* data : set.get()->transformed) {
    const Leaf leaf(data);
    leaves_.push_back({leaf, t.leaves().of(leaf, std::source_location::current())});
  }
  for (const Pair& p : leaves_)
    bound_.push_back(std::make_unique<Binding>(p.leaf, p.leaf.shape(), Var(), p.result.value(), true));
}

void TransformedLeaves::pull_back(Grads& g) {
  Var all;  // its gradient is that of every leaf through the transforms, including leaves that a transform reads
  for (const Pair& p : leaves_) {
    Array place = g[p.leaf];
    const Var share = sum(p.result * constant(place.copy()));
    all = all ? all + share : share;
    place.fill(0);
  }
  if (all) g.add(tape_->backward(all));
}

}  // namespace ebb::detail
