#include <ebb/experiments/reader.hpp>
#include <ebb/nn/bidirectional.hpp>

namespace ebb {

void check_direction(const std::string& direction) { check_name("direction", direction, {"forward", "both"}); }

Reader::Reader(const Builder& p, const Recurrence& r, int input, const std::string& direction)
    : forward_(r.make(p / "forward", input)), width_(r.settings.hidden) {
  check_direction(direction);
  if (direction == "forward") return;
  backward_ = r.make(p / "backward", input);
  width_ *= 2;
}

Packed Reader::operator()(const Packed& x, const Pass& at) const {
  if (!backward_) return unroll(*forward_, x, at).packed();
  return bidirectional(*forward_, *backward_, x, at).all;
}

Var Reader::ends(const Packed& x, const Pass& at) const {
  const Var end = unroll(*forward_, x, State{}, at.named("forward"), Direction::forward).last();
  if (!backward_) return end;
  return concat({end, unroll(*backward_, x, State{}, at.named("backward"), Direction::backward).last()});
}

}  // namespace ebb
