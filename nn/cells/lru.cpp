#include <algorithm>
#include <cmath>
#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cell.hpp>

namespace ebb {
namespace {

/// Linear recurrent unit: a diagonal linear recurrence with complex eigenvalues inside the unit circle.
///
///     lambda = exp(-exp(nu) + i exp(theta));   z' = lambda * z + exp(gamma) * (x B);   h = Re(z' C) + x D
///
/// Shapes    x [B, I]; z = re + i im, both [B, H]; B [I, 2H], the real part first; C [2H, H], the real part, then minus
///           the imaginary one; D [I, H]; nu, theta, gamma [H]
/// Options   r_min=0, r_max=1, the range of |lambda|; phase=6.28, the largest angle of lambda, both at the start
/// Init      |lambda|^2 uniform between r_min^2 and r_max^2, the angle in (0, phase]; exp(gamma) = sqrt(1 -
///           |lambda|^2); B normal with deviation 1/sqrt(2 I), C with 1/sqrt(H), D with 1/sqrt(I)
/// Cost      2 H (3 I + 2 H) flops per row and step
/// Source    Orvieto et al. 2023, arXiv:2303.06349
/// Differs   one step at a time, without the authors' parallel scan; D is a matrix, since I may differ from H
struct Lru {
  struct State {
    Var re, im;
  };
  Param B, C, D, nu, theta, gamma;

  Lru(Builder p, CellSizes s) {
    const int H = s.hidden, I = s.input;
    B = p.matrix("B", I, 2 * H, normal_init(0, std::sqrt(.5 / I)));
    C = p.matrix("C", 2 * H, H, normal_init(0, std::sqrt(1. / H)));
    D = p.matrix("D", I, H, normal_init(0, std::sqrt(1. / I)));
    make_eigenvalues(p, H);
    p.state("re", &State::re, {H});
    p.state("im", &State::im, {H});
  }

  State step(const Var& x, const State& s) const {
    const auto [a, b, scale] = fuse(
        [](auto nu, auto theta, auto gamma) {
          auto modulus = exp(-exp(nu)), angle = exp(theta);
          return std::tuple{modulus * cos(angle), modulus * sin(angle), exp(gamma)};
        },
        nu, theta, gamma);
    auto [re, im] = fuse([](auto a, auto b, auto re, auto im, auto scale, auto u,
                            auto v) { return std::pair{a * re - b * im + scale * u, a * im + b * re + scale * v}; },
                         a, b, s.re, s.im, scale, split<2>(matmul(x, B)));
    return {.re = re, .im = im};
  }

  Var output(const Var& x, const State& s) const { return matmul(concat({s.re, s.im}), C) + matmul(x, D); }

 private:
  void make_eigenvalues(const Builder& p, int H) {
    const double low = p.option("r_min", 0, "least initial modulus of the eigenvalues");
    const double high = p.option("r_max", 1, "largest initial modulus of the eigenvalues");
    if (!(low >= 0 && low < high && high <= 1)) p.reject("r_min", "0 <= r_min < r_max <= 1 is required");
    const double phase = p.option("phase", 6.28, "largest initial angle of the eigenvalues, in radians");
    if (!(phase > 0)) p.reject("phase", "the largest angle must be positive");
    const Array radius = p.initial_values("nu", {H}, uniform_init(0, 1));
    Array start = Array::zeros({H}, f64), scale = Array::zeros({H}, f64);
    for (int k = 0; k < H; ++k) {
      // Away from 0 and 1, where the logarithms below are infinite.
      const double square = std::clamp(low * low + radius.at_flat(k) * (high * high - low * low), 1e-12, 1 - 1e-12);
      start.set_flat(k, std::log(-.5 * std::log(square)));
      scale.set_flat(k, .5 * std::log1p(-square));
    }
    nu = p.trained("nu", start);
    gamma = p.trained("gamma", scale);
    Array angle = p.initial_values("theta", {H}, uniform_init(0, 1));
    for (int k = 0; k < H; ++k) angle.set_flat(k, std::log(phase * (1 - angle.at_flat(k))));
    theta = p.trained("theta", angle);
  }
};
EBB_CELL(lru, Lru, "Linear recurrent unit: a diagonal recurrence with complex eigenvalues, Orvieto et al. 2023");

}  // namespace
}  // namespace ebb
