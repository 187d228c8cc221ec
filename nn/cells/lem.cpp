#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cell.hpp>

namespace ebb {
namespace {

/// Long expressive memory: a discretised multi-scale ODE with two states, each with learned step sizes.
///
///     [d1 d2 u] = y Wy + x Vx + b;   D1 = dt sigmoid(d1), D2 = dt sigmoid(d2)
///     z' = (1 - D2) * z + D2 * tanh(u);   y' = (1 - D1) * y + D1 * tanh(z' Wz + x Vz + bz)
///
/// Shapes    x [B, I]; y, z [B, H]; Wy [H, 3H], Vx [I, 3H], b [3H]; Wz [H, H], Vz [I, H], bz [H]
/// Options   dt=1, the maximum step size
/// Init      all uniform in +-1/sqrt(H)
/// Cost      8 H (I + H) flops per row and step
/// Source    Rusch et al. 2022, arXiv:2110.04744
struct Lem {
  struct State {
    Var y, z;
  };
  Param Wy, Vx, b, Wz, Vz, bz;
  double dt;

  Lem(Builder p, CellSizes s) {
    const int H = s.hidden;
    Wy = p.matrix("Wy", H, 3 * H);
    Vx = p.matrix("Vx", s.input, 3 * H);
    b = p.vector("b", 3 * H);
    Wz = p.matrix("Wz", H, H);
    Vz = p.matrix("Vz", s.input, H);
    bz = p.vector("bz", H);
    dt = p.option("dt", 1, "maximum step size");
    p.state("y", &State::y, {H});
    p.state("z", &State::z, {H});
  }

  State step(const Var& x, const State& s) const { return next(x, s, s.y); }
  State step(const Var& x, const State& s, const StateDrop& d) const { return next(x, s, d.state(s.y)); }

 private:
  /// The step; `seen` is the y that enters the recurrent product, with or without dropout.
  State next(const Var& x, const State& s, const Var& seen) const {
    auto [d1, d2, u] = split<3>(matmul(seen, Wy) + matmul(x, Vx) + b);
    Var z = fuse(
        [](auto d, auto u, auto z, auto dt) {
          auto D = watch("step_z", dt * sigmoid(d));
          return (1 - D) * z + D * tanh(u);
        },
        d2, u, s.z, dt);
    Var y = fuse(
        [](auto d, auto a, auto bz, auto y, auto dt) {
          auto D = watch("step_y", dt * sigmoid(d));
          return (1 - D) * y + D * tanh(a + bz);
        },
        d1, matmul(z, Wz) + matmul(x, Vz), bz, s.y, dt);
    return {.y = y, .z = z};
  }
};
EBB_CELL(lem, Lem, "Long expressive memory: two states with learned step sizes, Rusch et al. 2022");

}  // namespace
}  // namespace ebb
