#include <cmath>
#include <ebb/nn/cell.hpp>

namespace ebb {
namespace {

/// Multiplies its state by a new random matrix at each step. The product's Lyapunov exponents have a closed form.
///
///     h' = h G_t + x W,   G_t [H, H] normal with deviation g / sqrt(H)
///
///     lambda_i = ln g + (ln(2 / H) + psi((H - i + 1) / 2)) / 2,   i = 1 ... H, psi the digamma function
///
/// G_t is drawn by seed, update, time and row, in evaluation too. So the cell is not autonomous, and each row has a
/// product of its own.
///
/// Shapes    x [B, I]; h [B, H]; W [I, H]
/// Options   g=1, the gain
/// Init      W uniform in +-1/sqrt(H); h is initially 1
/// Cost      H^2 random numbers and 2 H (I + H) flops per row and step
/// Source    Newman 1986, Commun. Math. Phys. 103, 121
struct Gaussian {
  Param W;
  double deviation;

  Gaussian(Builder p, CellSizes s)
      : W(p.matrix("W", s.input, s.hidden)),
        deviation(p.option("g", 1, "gain: deviation of G times sqrt(H)") / std::sqrt(s.hidden)) {
    p.state("h", &Hidden::h, {s.hidden}, 1);
  }

  Hidden step(const Var& x, const Hidden& s, const StepContext& at) const {
    const int B = s.h.dim(0), H = s.h.dim(1);
    const Var G = at.normal("G", zeros({B, H, H}), 0, deviation);
    return {reshape(matmul(reshape(s.h, {B, 1, H}), G), {B, H}) + matmul(x, W)};
  }
};
EBB_CELL(gaussian, Gaussian, "Product of Gaussian matrices, Newman 1986; a system of known exponents");

}  // namespace
}  // namespace ebb
