#include <cmath>
#include <ebb/nn/cell.hpp>
#include <ebb/ops/error.hpp>

namespace ebb {
namespace {

/// A linear cell with a diagonal recurrence, whose exponents are the logarithms of its elements.
///
///     h' = u * h + x W,   u_i = high (low / high)^((i - 1) / (H - 1)),   i = 1 ... H
///
///     lambda_i = ln u_i, at equal distances from ln high to ln low; the fixed point is x W / (1 - u), the only one
///
/// Shapes    x [B, I]; h [B, H]; u [H], W [I, H]
/// Options   low=.5, high=.99, above 0
/// Init      u as the options say, and not trained; W uniform in +-1/sqrt(H); h is initially 0
struct Diagonal {
  Param W;
  Array u;

  Diagonal(Builder p, CellSizes s) : W(p.matrix("W", s.input, s.hidden)), u(Array::empty({s.hidden}, f64)) {
    const double low = p.option("low", .5, "smallest element of u, above 0"),
                 high = p.option("high", .99, "largest element of u, above 0");
    if (!(low > 0 && high > 0)) throw ValueError("cell diagonal: low and high must be above 0");
    for (int i = 0; i < s.hidden; ++i)
      u.set_flat(i, high * std::pow(low / high, s.hidden > 1 ? i / (s.hidden - 1.) : 0));
    p.state("h", &Hidden::h, {s.hidden});
  }

  Hidden step(const Var& x, const Hidden& s) const { return {s.h * constant(u) + matmul(x, W)}; }
};
EBB_CELL(diagonal, Diagonal, "Linear cell with a diagonal recurrence; a system of known exponents");

}  // namespace
}  // namespace ebb
