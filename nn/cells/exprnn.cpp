#include <cmath>
#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cell.hpp>
#include <ebb/nn/layers/skew.hpp>
#include <ebb/ops/elementwise.hpp>

namespace ebb {
namespace {

/// Recurrent network whose recurrent matrix stays orthogonal, as the exponential of a skew-symmetric matrix.
///
///     U = exp(S), S = triu(A, 1) - triu(A, 1)^T;   z = x W + h U;   h' = sign(z) * relu(|z| + b)
///
/// Shapes    x [B, I]; h [B, H]; W [I, H], A [H, H], b [H]
/// Options   start=cayley|henaff
/// Init      S of 2 x 2 blocks with one angle each: -sqrt((1 - cos s) / (1 + cos s)), s U(0, pi / 2) (cayley), or
///           U(-pi, pi) (henaff); W Kaiming-normal, b U(+-.01)
/// Cost      2 H (I + H) flops per row and step; about ten products of H x H matrices once per update
/// Source    Lezcano-Casado & Martinez-Rubio 2019, arXiv:1901.08428; modReLU: Arjovsky et al. 2016, arXiv:1511.06464
struct ExpRnn {
  Param W, A, b;

  ExpRnn(Builder p, CellSizes s) {
    const bool cayley = p.choice("start", "cayley|henaff", "initial angles of the blocks") == 0;
    W = p.matrix("W", s.input, s.hidden, kaiming_normal());
    A = p.trained("A", blocks(p, s.hidden, cayley)).as(skew_exp);
    b = p.vector("b", s.hidden, uniform_init(-.01, .01));
  }

  static Array blocks(const Builder& p, int hidden, bool cayley) {
    constexpr double pi = 3.14159265358979323846;
    Array a = p.initial_values("A", {hidden, hidden}, zero_init);
    if (hidden < 2) return a;
    const Array angle = p.initial_values("A", {hidden / 2}, cayley ? uniform_init(0, pi / 2) : uniform_init(-pi, pi));
    for (int k = 0; k < hidden / 2; ++k) {
      const double s = angle.at_flat(k);
      a.set_flat(std::int64_t{2 * k} * hidden + 2 * k + 1,
                 cayley ? -std::sqrt((1 - std::cos(s)) / (1 + std::cos(s))) : s);
    }
    return a;
  }

  Hidden step(const Var& x, const Hidden& s) const {
    return {fuse([](auto z, auto b) { return sign(z) * relu(abs(z) + b); }, matmul(x, W) + matmul(s.h, A), b)};
  }
  Hidden step(const Var& x, const Hidden& s, const StateDrop& d) const { return step(x, Hidden{d.state(s.h)}); }
};
EBB_CELL(exprnn, ExpRnn,
         "Orthogonal network: exponential of a skew-symmetric matrix, Lezcano-Casado & Martinez-Rubio 2019");

}  // namespace
}  // namespace ebb
