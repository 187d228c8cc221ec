#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cell.hpp>

namespace ebb {
namespace {

/// Minimal gated recurrent unit: gate and candidate depend on the input only, so h is a weighted sum of candidates.
///
///     [z n] = x W + b;   h' = (1 - sigmoid(z)) * h + sigmoid(z) * g(n),   g(a) = a + 1/2 for a >= 0, sigmoid(a) below
///     eigenvalues=signed: the factor of h is 1 - 2 sigmoid(z), from -1 to 1
///
/// Shapes    x [B, I]; h [B, H]; W [I, 2H], b [2H]
/// Options   eigenvalues=positive|signed. With positive ones alone it cannot compute parities of long sequences
/// Init      uniform in +-1/sqrt(I)
/// Cost      4 H I flops per row and step
/// Source    Feng et al. 2024, arXiv:2410.01201, with the g of its appendix B; signed: Grazzi et al. 2024,
///           arXiv:2411.12537, and the authors' code, which maps the factors s in [0, 1] of Mamba to 2 s - 1 and leaves
///           its input term as it is
/// Differs   from the authors' code, which runs all steps in parallel, with the same results
struct MinGru {
  Param W, b;
  bool flips;

  MinGru(Builder p, CellSizes s) {
    const Init start = fan_in_uniform(s.input);
    W = p.matrix("W", s.input, 2 * s.hidden, start);
    b = p.vector("b", 2 * s.hidden, start);
    flips = p.choice("eigenvalues", "positive|signed", "range of the factor of h: 0 to 1, or -1 to 1") == 1;
  }

  Hidden step(const Var& x, const Hidden& s) const {
    if (flips)
      return {fuse(
          [](auto z, auto n, auto h) {
            auto write = watch("z", sigmoid(z));
            auto candidate = watch("n", where(n >= 0, n + .5, sigmoid(n)));
            return (1 - 2 * write) * h + write * candidate;
          },
          split<2>(matmul(x, W) + b), s.h)};
    return {fuse(
        [](auto z, auto n, auto h) {
          auto write = watch("z", sigmoid(z));
          auto candidate = watch("n", where(n >= 0, n + .5, sigmoid(n)));
          return (1 - write) * h + write * candidate;
        },
        split<2>(matmul(x, W) + b), s.h)};
  }
};
EBB_CELL(mingru, MinGru, "Minimal GRU whose gate depends on the input only, Feng et al. 2024");

}  // namespace
}  // namespace ebb
