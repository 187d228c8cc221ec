#include <algorithm>
#include <cmath>
#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cell.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/linalg.hpp>
#include <ebb/ops/matmul.hpp>

namespace ebb {
namespace {

/// (A + 1) / (largest eigenvalue of A + 1) with A = R^T R / N and R normal: symmetric and positive definite, so that
/// its largest singular value is that eigenvalue.
Array normalized_positive_definite(const Shape& shape, Key key) {
  const Array R = normal(shape, key, 0, 1, f64);
  Array a = matmul(R, R, Trans::yes, Trans::no) * (1. / shape[0]);
  for (int k = 0; k < shape[0]; ++k) {
    const std::int64_t at = std::int64_t{k} * shape[0] + k;
    a.set_flat(at, a.at_flat(at) + 1);
  }
  return a * (1 / singular_values(a).at({0}));
}

/// Recurrent network of rectified units whose initial recurrent matrix is positive definite with largest eigenvalue
/// one: one direction is kept, the others decay.
///
///     h' = relu(x W + h U + b)
///
/// Shapes    x [B, I]; h [B, H]; W [I, H], U [H, H], b [H]
/// Init      U = (A + 1) / (largest eigenvalue of A + 1), A = R^T R / H, R normal; W normal with deviation
///           sqrt(2) exp(1.2 / (max(H, 6) - 2.4)) / H; b zero
/// Cost      2 H (I + H) flops per row and step; singular values of a matrix [H, H] once
/// Source    Talathi & Vartak 2016, arXiv:1511.03771; W's scale: Sussillo & Abbott 2014, arXiv:1412.6558
struct NpRnn {
  Param W, U, b;

  NpRnn(Builder p, CellSizes s) {
    const double scale = std::sqrt(2) * std::exp(1.2 / (std::max(s.hidden, 6) - 2.4)) / s.hidden;
    W = p.matrix("W", s.input, s.hidden, normal_init(0, scale));
    U = p.matrix("U", s.hidden, s.hidden, custom_init(normalized_positive_definite));
    b = p.vector("b", s.hidden, zero_init);
  }

  Hidden step(const Var& x, const Hidden& s) const {
    return {fuse([](auto a, auto b) { return relu(a + b); }, matmul(x, W) + matmul(s.h, U), b)};
  }
  Hidden step(const Var& x, const Hidden& s, const StateDrop& d) const { return step(x, Hidden{d.state(s.h)}); }
};
EBB_CELL_NAMED(np_rnn, "np-rnn", NpRnn, "RNN of rectified units, initially positive definite, Talathi & Vartak 2016");

}  // namespace
}  // namespace ebb
