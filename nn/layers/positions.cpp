#include <fmt/format.h>
#include <cmath>
#include <ebb/autograd/op.hpp>
#include <ebb/nn/layers/positions.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

namespace ebb {

Array sinusoids(int steps, int width) {
  Array table = Array::empty({steps, width}, f64);
  for (int t = 0; t < steps; ++t)
    for (int k = 0; k < width; ++k) {
      const double angle = t / std::pow(10000., static_cast<double>(k - k % 2) / width);
      table.data<double>()[std::int64_t{t} * width + k] = k % 2 == 0 ? std::sin(angle) : std::cos(angle);
    }
  return table;
}

Positions::Positions(Builder p, int longest, int width, PositionKind kind) : longest_(longest), width_(width) {
  if (longest < 1 || width < 1)
    throw ValueError(
        fmt::format("positions: the number of steps, {}, and the width, {}, must be at least 1", longest, width));
  if (kind == PositionKind::learned) learned_ = p.matrix("P", longest, width, normal_init(0, .02));
  else table_ = sinusoids(longest, width);
}

Sequence Positions::operator()(const Sequence& x, std::source_location where) const {
  const CallSite here{where};
  const int T = detail::located(where, [&] {
    const Shape s = x.all().shape();
    if (s.rank() != 3 || s[2] != width_)
      throw ShapeError(fmt::format("positions: x must be [T, B, {}], but is {}", width_, text(s)));
    if (s[0] > longest_)
      throw ValueError(
          fmt::format("positions: a sequence of {} steps is longer than the maximum of {}", s[0], longest_));
    return s[0];
  });
  const Var all = table_ ? constant(table_.range(0, T)) : range(learned_, 0, T);
  return x.all() + reshape(all, {T, 1, width_});
}

}  // namespace ebb
