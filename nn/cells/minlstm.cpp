#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cell.hpp>

namespace ebb {
namespace {

/// Minimal long short-term memory: gates that depend on the input only and sum to one.
///
///     [f i n] = x W + b;   F = sigmoid(f) / (sigmoid(f) + sigmoid(i))
///     h' = F * h + (1 - F) * g(n),   g(a) = a + 1/2 for a >= 0, sigmoid(a) below
///
/// Shapes    x [B, I]; h [B, H]; W [I, 3H], b [3H]
/// Init      uniform in +-1/sqrt(I)
/// Numerics  F = sigmoid(log sigmoid(f) - log sigmoid(i)), which is accurate even where both gates underflow
/// Cost      6 H I flops per row and step
/// Source    Feng et al. 2024, arXiv:2410.01201, with the g of its appendix B
/// Differs   from the authors' code, which runs all steps in parallel, with the same results
struct MinLstm {
  Param W, b;

  MinLstm(Builder p, CellSizes s) {
    const Init start = fan_in_uniform(s.input);
    W = p.matrix("W", s.input, 3 * s.hidden, start);
    b = p.vector("b", 3 * s.hidden, start);
  }

  Hidden step(const Var& x, const Hidden& s) const {
    return {fuse(
        [](auto f, auto i, auto n, auto h) {
          auto share = watch("f", sigmoid(log_sigmoid(f) - log_sigmoid(i)));
          auto candidate = watch("n", where(n >= 0, n + .5, sigmoid(n)));
          return share * h + (1 - share) * candidate;
        },
        split<3>(matmul(x, W) + b), s.h)};
  }
};
EBB_CELL(minlstm, MinLstm, "Minimal LSTM whose gates depend on the input only, Feng et al. 2024");

}  // namespace
}  // namespace ebb
