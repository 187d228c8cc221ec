#include <cmath>
#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cell.hpp>

namespace ebb {
namespace {

/// Independently recurrent network: each unit's recurrent input is its own state only, so the growth or decay of its
/// gradient is one weight, which is bounded.
///
///     h' = relu(x W + u * h + b),   |u| <= 2^(1 / steps)
///
/// Shapes    x [B, I]; h [B, H]; W [I, H], u, b [H]
/// Options   steps=100, the longest memory: u is bounded so that a gradient at most doubles over them; layer=first|last
/// Init      u U(0, bound), in the last layer U(1 / bound, bound) for long memory; W normal with deviation .001, b zero
/// Cost      2 H I flops per row and step
/// Source    Li et al. 2018, arXiv:1803.04831
struct IndRnn {
  Param W, u, b;

  IndRnn(Builder p, CellSizes s) {
    const double bound = std::pow(2, 1 / p.option("steps", 100, "longest memory in steps, bounds u"));
    const bool last = p.choice("layer", "first|last", "the last layer is initialised for long memory only") == 1;
    W = p.matrix("W", s.input, s.hidden, normal_init(0, .001));
    u = p.vector("u", s.hidden, uniform_init(last ? 1 / bound : 0, bound)).within(-bound, bound);
    b = p.vector("b", s.hidden, zero_init);
  }

  Hidden step(const Var& x, const Hidden& s) const {
    return {fuse([](auto a, auto u, auto h, auto b) { return relu(a + u * h + b); }, matmul(x, W), u, s.h, b)};
  }
};
EBB_CELL(indrnn, IndRnn, "Independently recurrent network, Li et al. 2018");

}  // namespace
}  // namespace ebb
