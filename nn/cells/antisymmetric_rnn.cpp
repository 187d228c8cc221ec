#include <cmath>
#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cell.hpp>
#include <ebb/nn/layers/skew.hpp>

namespace ebb {
namespace {

/// Antisymmetric recurrent network: Euler steps of an ODE whose Jacobian has eigenvalues near the imaginary axis, so
/// that the state neither grows nor decays.
///
///     a = h (M - M^T) - gamma h;   h' = h + epsilon tanh(a + x V + b)
///     gated:                       h' = h + epsilon sigmoid(a + x Vz + bz) * tanh(a + x V + b)
///
/// Shapes    x [B, I]; h [B, H]; M [H, H], V [I, H], b [H]; gated: Vz [I, H], bz [H]
/// Options   epsilon=.1, the step size; gamma=.01, the damping; sigma=1, the initial scale of M; gate=none|input
/// Init      M normal with deviation sigma / sqrt(H), V normal with 1 / sqrt(I), b and bz zero
/// Cost      2 H (I + H) flops per row and step; M - M^T once per update
/// Source    Chang et al. 2019, arXiv:1902.09689
struct AntisymmetricRnn {
  Param M, V, b, Vz, bz;
  double epsilon, gamma;
  bool gated;

  AntisymmetricRnn(Builder p, CellSizes s) {
    epsilon = p.option("epsilon", .1, "step size");
    gamma = p.option("gamma", .01, "damping");
    const double sigma = p.option("sigma", 1, "initial scale of M");
    gated = p.choice("gate", "none|input", "gate on the increment") == 1;
    const Init input = normal_init(0, 1 / std::sqrt(static_cast<double>(s.input)));
    M = p.matrix("M", s.hidden, s.hidden, normal_init(0, sigma / std::sqrt(static_cast<double>(s.hidden))))
            .as(antisymmetric);
    V = p.matrix("V", s.input, s.hidden, input);
    b = p.vector("b", s.hidden, zero_init);
    if (!gated) return;
    Vz = p.matrix("Vz", s.input, s.hidden, input);
    bz = p.vector("bz", s.hidden, zero_init);
  }

  Hidden step(const Var& x, const Hidden& s) const { return next(x, s, s.h); }
  Hidden step(const Var& x, const Hidden& s, const StateDrop& d) const { return next(x, s, d.state(s.h)); }

 private:
  /// The step; `seen` is the h that enters the recurrent product, with or without dropout.
  Hidden next(const Var& x, const Hidden& s, const Var& seen) const {
    const Var a = matmul(seen, M);
    if (!gated)
      return {fuse([](auto a, auto x, auto b, auto h, auto gamma,
                      auto epsilon) { return h + epsilon * tanh(a - gamma * h + x + b); },
                   a, matmul(x, V), b, s.h, gamma, epsilon)};
    return {fuse(
        [](auto a, auto x, auto b, auto xz, auto bz, auto h, auto gamma, auto epsilon) {
          auto d = a - gamma * h;
          return h + epsilon * watch("z", sigmoid(d + xz + bz)) * tanh(d + x + b);
        },
        a, matmul(x, V), b, matmul(x, Vz), bz, s.h, gamma, epsilon)};
  }
};
EBB_CELL(antisymmetric, AntisymmetricRnn, "Antisymmetric network: Euler steps of a stable ODE, Chang et al. 2019");

}  // namespace
}  // namespace ebb
