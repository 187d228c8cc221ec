#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cell.hpp>

namespace ebb {
namespace {

/// Fast gated recurrent network: gate and candidate share both matrices, and two scalars weight the candidate.
///
///     a = x W + h U;   z = sigmoid(a + bz);   n = tanh(a + bn)
///     h' = z * h + (sigmoid(zeta) (1 - z) + sigmoid(nu)) * n
///
/// Shapes    x [B, I]; h [B, H]; W [I, H], U [H, H]; bz, bn [H]; zeta, nu [1]
/// Init      W, U normal with deviation .1, bz and bn one, zeta 1, nu -4
/// Cost      2 H (I + H) flops per row and step
/// Source    Kusupati et al. 2018, arXiv:1901.02358, without its low-rank and sparse matrices
struct FastGrnn {
  Param W, U, bz, bn, zeta, nu;

  FastGrnn(Builder p, CellSizes s) {
    W = p.matrix("W", s.input, s.hidden, normal_init(0, .1));
    U = p.matrix("U", s.hidden, s.hidden, normal_init(0, .1));
    bz = p.vector("bz", s.hidden, constant_init(1));
    bn = p.vector("bn", s.hidden, constant_init(1));
    zeta = p.vector("zeta", 1, constant_init(1));
    nu = p.vector("nu", 1, constant_init(-4));
  }

  Hidden step(const Var& x, const Hidden& s) const { return next(x, s, s.h); }
  Hidden step(const Var& x, const Hidden& s, const StateDrop& d) const { return next(x, s, d.state(s.h)); }

 private:
  /// The step; `seen` is the h that enters the recurrent product, with or without dropout.
  Hidden next(const Var& x, const Hidden& s, const Var& seen) const {
    return {fuse(
        [](auto a, auto bz, auto bn, auto zeta, auto nu, auto h) {
          auto z = watch("z", sigmoid(a + bz));
          return z * h + (sigmoid(zeta) * (1 - z) + sigmoid(nu)) * watch("n", tanh(a + bn));
        },
        matmul(x, W) + matmul(seen, U), bz, bn, zeta, nu, s.h)};
  }
};
EBB_CELL(fastgrnn, FastGrnn, "Gated network with one pair of matrices for gate and candidate, Kusupati et al. 2018");

}  // namespace
}  // namespace ebb
