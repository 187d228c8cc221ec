#include <cmath>
#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cell.hpp>
#include <ebb/ops/elementwise.hpp>

namespace ebb {
namespace {

/// Simple recurrent unit: no matrix is multiplied by the state, and a highway leads around the memory.
///
///     [u f r] = x W;   f = sigmoid(f + vf * c + bf),  r = sigmoid(r + vr * c + br)
///     c' = f * c + (1 - f) * u;   h' = r * c' + (1 - r) * y
///     y = sqrt(1 + 2 exp(highway_bias)) x if I = H, else a fourth block of x W
///
/// Shapes    x [B, I]; h, c [B, H]; W [I, 3H], or [I, 4H] if I differs from H; vf, vr, bf, br [H]
/// Options   highway_bias=0, the initial value of br
/// Init      W uniform in +-sqrt(3/I), the blocks of the gates times sqrt(.5), the fourth times the factor of x; vf, vr
///           uniform in +-sqrt(1.5); bf zero
/// Cost      6 H I flops per row and step, 8 H I with the fourth block
/// Source    Lei et al. 2018, arXiv:1709.02755 (version 2 of the unit), and the authors' code
struct Sru {
  struct State {
    Var h, c;
  };
  Param W, vf, vr, bf, br;
  double scale;  // of x in the highway
  bool projected;

  Sru(Builder p, CellSizes s) {
    const int H = s.hidden;
    const double bias = p.option("highway_bias", 0, "initial bias of the highway's gate");
    scale = std::sqrt(1 + 2 * std::exp(bias));
    projected = s.input != H;
    W = p.trained("W", weights(p, s));
    const Init own = uniform_init(-std::sqrt(1.5), std::sqrt(1.5));
    vf = p.vector("vf", H, own);
    vr = p.vector("vr", H, own);
    bf = p.vector("bf", H, zero_init);
    br = p.vector("br", H, constant_init(bias));
    p.state("h", &State::h, {H});
    p.state("c", &State::c, {H});
  }

  State step(const Var& x, const State& s) const {
    if (projected) return gated(split<4>(matmul(x, W)), s, 1);
    auto [u, f, r] = split<3>(matmul(x, W));
    return gated({u, f, r, x}, s, scale);
  }

 private:
  Array weights(const Builder& p, CellSizes s) const {
    const int H = s.hidden;
    Array w = p.initial_values("W", {s.input, (projected ? 4 : 3) * H}, lecun_uniform);
    const auto multiply = [&](int begin, int end, double by) {
      Array block = w.column_block(begin, end);
      block.assign(block * by);
    };
    multiply(H, 3 * H, std::sqrt(.5));
    if (projected) multiply(3 * H, 4 * H, scale);
    return w;
  }

  State gated(const std::array<Var, 4>& pre, const State& s, double by) const {
    auto [c, h] = fuse(
        [](auto u, auto f, auto r, auto y, auto c, auto vf, auto vr, auto bf, auto br, auto by) {
          auto keep = watch("f", sigmoid(f + vf * c + bf));
          auto read = watch("r", sigmoid(r + vr * c + br));
          auto c1 = keep * c + (1 - keep) * u;
          return std::pair{c1, read * c1 + (1 - read) * (by * y)};
        },
        pre, s.c, vf, vr, bf, br, by);
    return {.h = h, .c = c};
  }
};
EBB_CELL(sru, Sru, "Simple recurrent unit without recurrent matrices, Lei et al. 2018");

}  // namespace
}  // namespace ebb
