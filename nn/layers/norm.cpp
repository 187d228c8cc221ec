#include <algorithm>
#include <cmath>
#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/layers/norm.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/reduce.hpp>
#include <utility>

namespace ebb {

namespace {

/// Above this variance, squares or their gradients leave the range of the type.
double largest_variance(DType type) { return type == f32 ? 0x1p80 : 0x1p600; }

/// For each row a power of two to multiply it by before squaring; one for rows of moderate size.
Array row_scales(const Array& x) {
  Array scales = amax(abs(x), -1, Keep::yes);
  const double least = std::sqrt(largest_variance(x.dtype()));
  for (std::int64_t i = 0; i < scales.size(); ++i) {
    const double largest = scales.at_flat(i);
    scales.set_flat(i, std::isfinite(largest) && largest > least / 2 ? std::ldexp(1., -std::ilogb(largest)) : 1);
  }
  return scales;
}

struct Centred {
  Var rows, variance;
};
Centred centred(const Var& x) {
  const Var rows = x - mean(x, -1, Keep::yes);
  return {rows, mean(square(rows), -1, Keep::yes)};
}

}  // namespace

Var layer_norm(At x, At gain, At shift, double epsilon) {
  const CallSite here{x.where};
  constexpr auto formula = [](auto c, auto v, auto gain, auto shift, auto epsilon) {
    return gain * c / sqrt(v + epsilon) + shift;
  };
  const Centred c = centred(x.var);
  if (largest_magnitude(c.variance.value()) < largest_variance(x.var.dtype()))
    return fuse(formula, c.rows, c.variance, gain.var, shift.var, epsilon);
  // Scaling x, and epsilon by the square, changes neither the result nor its gradient.
  const Array scales = row_scales(x.var.value());
  Array small = scales * scales * epsilon;
  const double least = x.var.dtype() == f32 ? 0x1p-126 : 0x1p-1022;  // avoids 0 / 0 for a constant row
  for (std::int64_t i = 0; i < small.size(); ++i) small.set_flat(i, std::max(small.at_flat(i), least));
  const Centred s = centred(x.var * constant(scales));
  return fuse(formula, s.rows, s.variance, gain.var, shift.var, constant(small));
}

LayerNorm::LayerNorm(Builder p, int width)
    : gain(p.vector("gain", width, constant_init(1))), shift(p.vector("shift", width, zero_init)) {}

Var LayerNorm::operator()(At x) const {
  const CallSite here{x.where};
  return layer_norm(std::move(x), gain, shift);
}

}  // namespace ebb
