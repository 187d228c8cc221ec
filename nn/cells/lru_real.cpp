#include <algorithm>
#include <cmath>
#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cell.hpp>

namespace ebb {
namespace {

/// Linear recurrent unit with real eigenvalues, from -1 to 1 or from 0 to 1.
///
///     signed: lambda = 2 exp(-exp(nu)) - 1;   positive: lambda = exp(-exp(nu))
///     z' = lambda * z + exp(gamma) * (x B);   h = z' C + x D
///
/// Shapes    x [B, I]; z [B, H]; B, D [I, H], C [H, H], nu, gamma [H]
/// Options   eigenvalues=signed|positive
/// Init      lambda uniform in its range; exp(gamma) = sqrt(1 - lambda^2); B, D normal with deviation 1/sqrt(I), C with
///           1/sqrt(H)
/// Cost      2 H (2 I + H) flops per row and step
/// Source    Orvieto et al. 2023, arXiv:2303.06349; the range from -1 to 1: Grazzi et al. 2024, arXiv:2411.12537
/// Differs   from lru in its real state; Grazzi et al. change the range of Mamba and DeltaNet, whose eigenvalues depend
///           on the input. These do not, so that parity is not learned in either range (Khavari et al. 2025,
///           arXiv:2508.07395)
struct LruReal {
  struct State {
    Var z;
  };
  Param B, C, D, nu, gamma;
  bool flips;

  LruReal(Builder p, CellSizes s) {
    const int H = s.hidden, I = s.input;
    flips = p.choice("eigenvalues", "signed|positive", "from -1 to 1, or from 0 to 1") == 0;
    const Init input = normal_init(0, std::sqrt(1. / I));
    B = p.matrix("B", I, H, input);
    C = p.matrix("C", H, H, normal_init(0, std::sqrt(1. / H)));
    D = p.matrix("D", I, H, input);
    Array start = p.initial_values("nu", {H}, uniform_init(0, 1)), scale = Array::zeros({H}, f64);
    for (int k = 0; k < H; ++k) {
      // Away from 0 and 1, where the logarithms below are infinite.
      const double share = std::clamp(start.at_flat(k), 1e-9, 1 - 1e-9), lambda = flips ? 2 * share - 1 : share;
      start.set_flat(k, std::log(-std::log(share)));
      scale.set_flat(k, .5 * std::log1p(-lambda * lambda));
    }
    nu = p.trained("nu", start);
    gamma = p.trained("gamma", scale);
    p.state("z", &State::z, {H});
  }

  State step(const Var& x, const State& s) const {
    const Var share = fuse([](auto nu) { return exp(-exp(nu)); }, nu);
    return {fuse([](auto lambda, auto z, auto scale, auto in) { return lambda * z + scale * in; },
                 flips ? 2 * share - 1 : share, s.z, exp(gamma), matmul(x, B))};
  }

  Var output(const Var& x, const State& s) const { return matmul(s.z, C) + matmul(x, D); }
};
EBB_CELL_NAMED(lru_real, "lru-real", LruReal,
               "Linear recurrent unit with real eigenvalues from -1 to 1, or from 0 to 1");

}  // namespace
}  // namespace ebb
