#include <cmath>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/reduce.hpp>

namespace ebb {
namespace {

/// For each largest magnitude a power of two near it, by which numbers can be divided without rounding; 1 where there is none.
Array powers_near(const Array& largest) {
  Array p = Array::empty(largest.shape(), largest.dtype());
  for (std::int64_t i = 0; i < p.size(); ++i) {
    const double v = largest.at_flat(i);
    p.set_flat(i, v > 0 && std::isfinite(v) ? std::ldexp(1.0, std::ilogb(v)) : 1.0);
  }
  return p;
}

}  // namespace

Array norm(const Array& x, Axes axes, Keep keep) {
  if (x.size() == 0) return sum(x, axes, keep);
  const Array scale = powers_near(amax(abs(x), axes, Keep::yes));
  const Array y = sqrt(sum(square(x / scale), axes, Keep::yes)) * scale;
  return keep == Keep::yes ? y : sum(y, axes);   // over axes of one element
}

}  // namespace ebb
