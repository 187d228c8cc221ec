#include <cmath>
#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cell.hpp>
#include <numbers>

namespace ebb {
namespace {

/// Diagonal state space model (S4D-Lin): each channel filters by N/2 complex modes; a gated linear layer mixes them.
///
///     u = x W;   A = -exp(A_re) + i A_im,  d = exp(log_dt);   z' = exp(d A) z + u
///     y = 2 Re(sum over modes of (C_re + i C_im) (exp(d A) - 1) / A * z') + D u
///     [v g] = gelu(y) Wo + bo;   h = v * sigmoid(g)
///
/// Shapes    x [B, I]; z = re + i im, both [B, H, N/2]; W [I, H], absent if I = H, where u = x; A_re, A_im, C_re, C_im
///           [H, N/2]; log_dt [H, 1]; D [H]; Wo [H, 2H]; bo [2H]
/// Options   states=64, N; dt_min=.001, dt_max=.1, the range of d at the start
/// Init      A = -1/2 + i pi n for n = 0 .. N/2 - 1; log_dt uniform; C_re and C_im normal with deviation sqrt(1/2), D
///           with 1; W uniform in +-1/sqrt(I), Wo and bo in +-1/sqrt(H)
/// Numerics  exp(d A) - 1 is computed without cancellation
/// Cost      4 H I (0 if I = H) + 4 H^2 + 6 H N flops per row and step, H N values of state
/// Source    Gu et al. 2022, arXiv:2206.11893, and the authors' code, s4d.py
/// Differs   one step at a time, where the authors convolve by FFT; W belongs to the cell, and is their encoder without
///           its bias; A and d have the optimiser's rate, theirs at most .001 without weight decay
struct S4d {
  struct State {
    Var re, im;
  };
  Param W, A_re, A_im, log_dt, C_re, C_im, D, Wo, bo;
  int channels;
  bool projected;

  S4d(Builder p, CellSizes s) : channels(s.hidden), projected(s.input != s.hidden) {
    const int H = channels, states = p.whole("states", 64, 2, 1024, "real size of the state of a channel, even");
    if (states % 2 != 0) p.reject("states", "must be even, because modes are conjugate pairs");
    const double low = p.option("dt_min", .001, "least initial time step"),
                 high = p.option("dt_max", .1, "largest initial time step");
    if (!(low > 0 && low <= high && high <= 1e3)) p.reject("dt_min", "0 < dt_min <= dt_max <= 1000 is required");
    const int modes = states / 2;
    if (projected) W = p.matrix("W", s.input, H, uniform_within(s.input));
    make_modes(p, modes);
    log_dt = p.tensor("log_dt", {H, 1}, uniform_init(std::log(low), std::log(high)));
    D = p.vector("D", H, normal_init(0, 1));
    Wo = p.matrix("Wo", H, 2 * H, uniform_within(H));
    bo = p.vector("bo", 2 * H, uniform_within(H));
    p.state("re", &State::re, {H, modes});
    p.state("im", &State::im, {H, modes});
  }

  State step(const Var& x, const State& s) const {
    const auto [a, b] = fuse(
        [](auto A_re, auto A_im, auto log_dt) {
          auto dt = exp(log_dt);
          auto modulus = exp(-exp(A_re) * dt), angle = A_im * dt;
          return std::pair{modulus * cos(angle), modulus * sin(angle)};
        },
        A_re, A_im, log_dt);
    const auto [re, im] =
        fuse([](auto a, auto b, auto re, auto im, auto u) { return std::pair{a * re - b * im + u, a * im + b * re}; },
             a, b, s.re, s.im, reshape(channel_input(x), {-1, channels, 1}));
    return {.re = re, .im = im};
  }

  Var output(const Var& x, const State& s) const {
    // exp(z) - 1 = expm1(Re z) cos(Im z) - 2 sin^2(Im z / 2) + i exp(Re z) sin(Im z); times C conj(A) / |A|^2.
    const auto [weight_re, weight_im] = fuse(
        [](auto A_re, auto A_im, auto log_dt, auto C_re, auto C_im) {
          auto dt = exp(log_dt), decay = exp(A_re), angle = A_im * dt, half = sin(.5 * angle);
          auto p = expm1(-decay * dt) * cos(angle) - 2 * half * half, q = exp(-decay * dt) * sin(angle);
          auto by = 2 / (decay * decay + A_im * A_im);
          auto r = (q * A_im - p * decay) * by, i = -(p * A_im + q * decay) * by;
          return std::pair{C_re * r - C_im * i, C_re * i + C_im * r};
        },
        A_re, A_im, log_dt, C_re, C_im);
    const Var read =
        fuse([](auto re, auto im, auto weight_re, auto weight_im) { return weight_re * re - weight_im * im; }, s.re,
             s.im, weight_re, weight_im);
    const Var y = fuse([](auto y, auto D, auto u) { return gelu(y + D * u); }, sum(read, {-1}), D, channel_input(x));
    return fuse([](auto v, auto g) { return v * watch("g", sigmoid(g)); }, split<2>(matmul(y, Wo) + bo));
  }

 private:
  static Init uniform_within(int width) { return uniform_init(-1 / std::sqrt(width), 1 / std::sqrt(width)); }
  Var channel_input(const Var& x) const { return projected ? matmul(x, W) : x; }

  void make_modes(const Builder& p, int modes) {
    const Shape each{channels, modes};
    Array frequencies = Array::zeros(each, f64);
    for (int k = 0; k < channels * modes; ++k) frequencies.set_flat(k, std::numbers::pi * (k % modes));
    A_re = p.trained("A_re", Array::full(each, std::log(.5), f64));
    A_im = p.trained("A_im", frequencies);
    C_re = p.tensor("C_re", each, normal_init(0, std::sqrt(.5)));
    C_im = p.tensor("C_im", each, normal_init(0, std::sqrt(.5)));
  }
};
EBB_CELL(s4d, S4d, "Diagonal state space model with complex modes in each channel (S4D-Lin), Gu et al. 2022");

}  // namespace
}  // namespace ebb
