#include <ebb/experiments/train/reader.hpp>
#include <ebb/nn/sequence/sequence_layer.hpp>

namespace ebb::app {

ReadDirection read_direction(const std::string& value) {
  return value == "both" ? ReadDirection::both : ReadDirection::forward;
}

Reader::Reader(const Builder& p, const Recurrence& r, int input, ReadDirection direction) {
  const bool both = direction == ReadDirection::both;
  if (both) forward_ = r.both_ways(p / "forward", input);
  const bool two = both && !forward_;
  if (!forward_) forward_ = r.layer(p / "forward", input);
  if (two) backward_ = r.layer(p / "backward", input);
  width_ = forward_->width() + (backward_ ? backward_->width() : 0);
}

Packed Reader::operator()(const Packed& x, const StepContext& at) const {
  if (!backward_) return unroll(*forward_, x, at).packed();
  const Var ahead = unroll(*forward_, x, State{}, at.named("forward"), Direction::forward).packed().all;
  const Var back = unroll(*backward_, x, State{}, at.named("backward"), Direction::backward).packed().all;
  return {concat({ahead, back}, -1), x.packing};
}

Var Reader::ends(const Packed& x, const StepContext& at) const {
  const Var end = unroll(*forward_, x, State{}, at.named("forward"), Direction::forward).last();
  if (!backward_) return end;
  return concat({end, unroll(*backward_, x, State{}, at.named("backward"), Direction::backward).last()});
}

const Cell* Reader::forward() const { return forward_->cell(); }

Var Reader::at_last(const Var& forward, const Var& x, const StepContext& at) const {
  if (!backward_) return forward;
  const Sequence one = reshape(x, {1, x.dim(0), x.dim(1)});
  return concat({forward, unroll(*backward_, one, State{}, at.named("backward")).last()}, -1);
}

}  // namespace ebb::app
