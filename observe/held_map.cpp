#include <algorithm>
#include <cmath>
#include <ebb/autograd/tape.hpp>
#include <ebb/nn/sequence/step_jacobian.hpp>
#include <ebb/observe/held_map.hpp>
#include <ebb/observe/trajectory.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/text.hpp>
#include <string>

namespace ebb::detail {

namespace {

constexpr int numbers_of_jacobians = 1 << 23;  // 64 MB
constexpr int probed_states = 16;

/// Equal, where NaN equals NaN.
bool same_values(const Array& a, const Array& b) {
  for (std::int64_t k = 0; k < a.size(); ++k) {
    const double x = a.at_flat(k), y = b.at_flat(k);
    if (x != y && !(std::isnan(x) && std::isnan(y))) return false;
  }
  return true;
}

/// Some of the states, and as many near them, where nothing is zero by chance.
Array states_to_probe(const Array& states) {
  const Array some = states.range(0, std::min(states.dim(0), probed_states));
  const Array parts[] = {some, some + normal(some.shape(), Key{1}.named("probe"), 0, 1, f64)};
  return concat(parts, 2, 0);
}

}  // namespace

HeldMap::HeldMap(const Cell& cell, const Array& x) : cell_(cell), size_(state_size(cell)) {
  if (x.rank() != 1 && !(x.rank() == 2 && x.dim(0) == 1))
    throw ShapeError("the input that is held is [width] or [1, width], this is " + text(x.shape()));
  if (const int width = cell.sizes().input; width > 0 && x.columns() != width)
    throw ShapeError("the input that is held is " + text(x.shape()) + ", but cell " + cell.name() +
                     " was made for a width of " + std::to_string(width));
  if (!all_finite(x)) throw ValueError("the input that is held is infinite or NaN");
  x_ = x.to(f64).reshape({1, x.columns()});
}

Array HeldMap::inputs(int rows) const { return gather(x_, Tokens({rows})); }

Array HeldMap::at(const Array& s, const StepContext& at) const {
  const Tape tape{{.dtype = f64}};
  const NoGrad off;
  return flat_state(cell_.step(constant(inputs(s.dim(0))), as_state(cell_, constant(s)), at)).value();
}

Array HeldMap::jacobian_minus_identity(const Array& s) const {
  Array J;
  {
    const Tape tape{{.dtype = f64}};
    const NoGrad off;
    J = step_jacobian(cell_, constant(inputs(s.dim(0))), as_state(cell_, constant(s)), StepContext().at_time(0));
  }
  double* const elements = J.data<double>();
  const std::int64_t S = size_;
  for (std::int64_t row = 0; row < s.dim(0); ++row)
    for (std::int64_t i = 0; i < S; ++i) elements[(row * S + i) * S + i] -= 1;
  return J;
}

int HeldMap::block() const {
  return static_cast<int>(std::max<std::int64_t>(1, numbers_of_jacobians / (std::int64_t{size_} * size_)));
}

std::string HeldMap::not_autonomous(const Array& states) const {
  const Array s = states_to_probe(states), reference = (*this)(s);
  const std::string cell = std::string("cell ") + cell_.name();
  for (std::uint64_t seed = 1; seed <= 8; ++seed)
    if (!same_values(at(s, StepContext({.seed = seed, .update = seed}).at_time(0)), reference))
      return cell +
             " draws random numbers in its step: from one state it goes to different ones, so it has no fixed points";
  for (int time = 1; time <= 1 << 20; time = time < 32 ? time + 1 : 2 * time)
    if (!same_values(at(s, StepContext().at_time(time)), reference))
      return cell + " reads the time: its step at time " + std::to_string(time) +
             " differs from that at time 0, so it has no fixed points";
  return {};
}

void HeldMap::check_autonomous(const Array& states) const {
  if (const std::string reason = not_autonomous(states); !reason.empty()) throw ValueError(reason);
}

}  // namespace ebb::detail
