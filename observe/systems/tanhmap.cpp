#include <cmath>
#include <ebb/nn/cell.hpp>

namespace ebb {
namespace {

/// Random network in discrete time, chaotic for gains above 1. Mean-field theory gives its spectrum for large H.
///
///     h' = tanh(h) J + x W
///
/// Shapes    x [B, I]; h [B, H]; J [H, H], W [I, H]
/// Options   g=1.5, the gain
/// Init      J normal with deviation g / sqrt(H), W uniform in +-1/sqrt(H); h is initially 1, as 0 is a fixed point
/// Cost      2 H (I + H) flops per row and step
/// Source    Sompolinsky, Crisanti & Sommers 1988, doi:10.1103/PhysRevLett.61.259; in discrete time Engelken, Wolf &
///           Abbott 2023, arXiv:2006.02427
struct TanhMap {
  Param J, W;

  TanhMap(Builder p, CellSizes s) {
    const double g = p.option("g", 1.5, "gain: deviation of J times sqrt(H)");
    J = p.matrix("J", s.hidden, s.hidden, normal_init(0, g / std::sqrt(s.hidden)));
    W = p.matrix("W", s.input, s.hidden);
    p.state("h", &Hidden::h, {s.hidden}, 1);
  }

  Hidden step(const Var& x, const Hidden& s) const { return {matmul(tanh(s.h), J) + matmul(x, W)}; }
};
EBB_CELL(tanhmap, TanhMap, "Random chaotic map h' = tanh(h) J, Engelken et al. 2023; a system of known exponents");

}  // namespace
}  // namespace ebb
