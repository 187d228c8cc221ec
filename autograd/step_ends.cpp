#include <ebb/autograd/step_ends.hpp>

#include <algorithm>
#include <ebb/autograd/tape_impl.hpp>

namespace ebb::detail {

std::uint32_t StepEnds::of(std::uint32_t node) const {
  const auto found = end_of_.find(node);
  return found == end_of_.end() ? 0 : found->second;
}

void StepEnds::clear() noexcept {
  end_of_.clear();
  drop_sweep();
}

void StepEnds::begin_sweep(TapeImpl& t, std::uint32_t root) {
  drop_sweep();
  for (const auto& [node, end] : end_of_)
    if (t.node(node).retained) asked_.push_back({std::min(end, root), node});
  std::sort(asked_.begin(), asked_.end(),
            [](Asked a, Asked b) { return a.end != b.end ? a.end > b.end : a.node < b.node; });
  if (!asked_.empty()) next_ = asked_.front().end;
}

void StepEnds::put_aside(TapeImpl& t) {
  aside_.push_back(t.node(asked_[aside_.size()].node).grad);  // shared, so it is copied before it is added to
  next_ = aside_.size() < asked_.size() ? asked_[aside_.size()].end : 0;
}

void StepEnds::end_sweep(TapeImpl& t) {
  for (std::size_t k = 0; k < aside_.size(); ++k) t.node(asked_[k].node).grad = std::move(aside_[k]);
  drop_sweep();
}

void StepEnds::drop_sweep() noexcept {
  asked_.clear();
  aside_.clear();
  next_ = 0;
}

std::uint32_t step_end() { return TapeImpl::current("unroll").top(); }

void set_step_end(const Var& v, std::uint32_t end) {
  TapeImpl* t = TapeImpl::find(v.epoch());
  if (!t) return;
  Node& n = t->node(v.node());
  if (!n.requires_grad || n.leaf) return;
  t->sweep().step_ends().add(v.node(), end);
  if (n.in_parent())
    n.retained = true;  // a view then has a separate adjoint, otherwise the parent's would contain both
}

}  // namespace ebb::detail
