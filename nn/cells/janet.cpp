#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cell.hpp>
#include <ebb/ops/elementwise.hpp>

namespace ebb {
namespace {

/// Just another network: an LSTM with only the forget gate, which writes slightly less than it forgets.
///
///     [s g] = x Wx + h Wh + b;   h' = sigmoid(s) * h + (1 - sigmoid(s - beta)) * tanh(g)
///
/// Shapes    x [B, I]; h [B, H]; Wx [I, 2H], Wh [H, 2H], b [2H]
/// Options   beta=1; longest=100, the longest dependency in steps, for chrono initialisation
/// Init      Wx, Wh Xavier-uniform; b's block s is ln U(1, longest - 1) (Tallec & Ollivier 2018, arXiv:1804.11188), its
///           block g zero
/// Cost      4 H (I + H) flops per row and step
/// Source    van der Westhuizen & Lasenby 2018, arXiv:1804.04849
struct Janet {
  Param Wx, Wh, b;
  double beta;

  Janet(Builder p, CellSizes s) {
    const int H = s.hidden;
    Wx = p.matrix("Wx", s.input, 2 * H, xavier_uniform());
    Wh = p.matrix("Wh", H, 2 * H, xavier_uniform());
    beta = p.option("beta", 1, "reduces the weight of the candidate");
    const double longest =
        p.option("longest", 100, "longest dependency in steps, for chrono initialisation of the bias");
    Array bias = Array::zeros({2 * H}, f64);
    bias.column_block(0, H).assign(log(p.initial_values("b", {H}, uniform_init(1, longest > 2 ? longest - 1 : 1))));
    b = p.trained("b", bias);
  }

  Hidden step(const Var& x, const Hidden& s) const { return next(x, s, s.h); }
  Hidden step(const Var& x, const Hidden& s, const StateDrop& d) const { return next(x, s, d.state(s.h)); }

 private:
  /// The step; `seen` is the h that enters the recurrent product, with or without dropout.
  Hidden next(const Var& x, const Hidden& s, const Var& seen) const {
    return {fuse(
        [](auto s, auto g, auto h, auto beta) {
          return watch("f", sigmoid(s)) * h + watch("i", 1 - sigmoid(s - beta)) * watch("g", tanh(g));
        },
        split<2>(matmul(x, Wx) + matmul(seen, Wh) + b), s.h, beta)};
  }
};
EBB_CELL(janet, Janet, "Just another network: an LSTM with only the forget gate, van der Westhuizen & Lasenby 2018");

}  // namespace
}  // namespace ebb
