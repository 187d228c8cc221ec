#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cell.hpp>

namespace ebb {
namespace {

/// Coupled oscillatory network: damped, driven oscillators, discretised for gradients that neither explode nor vanish.
///
///     z' = z + dt (tanh(y W + z Wz + x V + b) - gamma y - epsilon z);   y' = y + dt z'
///
/// Shapes    x [B, I]; y, z [B, H]; W, Wz [H, H], V [I, H], b [H]
/// Options   dt=.042, gamma=2.7, epsilon=4.7: the authors' values for pixels; .06, 66 and 15 for the adding task
/// Init      all uniform in +-1/sqrt(H)
/// Cost      2 H (I + 2 H) flops per row and step
/// Source    Rusch & Mishra 2021, arXiv:2010.00951
struct CoRnn {
  struct State {
    Var y, z;
  };
  Param W, Wz, V, b;
  double dt, gamma, epsilon;

  CoRnn(Builder p, CellSizes s) {
    const int H = s.hidden;
    W = p.matrix("W", H, H);
    Wz = p.matrix("Wz", H, H);
    V = p.matrix("V", s.input, H);
    b = p.vector("b", H);
    dt = p.option("dt", .042, "step size");
    gamma = p.option("gamma", 2.7, "squared frequency of the oscillators");
    epsilon = p.option("epsilon", 4.7, "damping of the oscillators");
    p.state("y", &State::y, {H});
    p.state("z", &State::z, {H});
  }

  State step(const Var& x, const State& s) const { return next(x, s, s.y); }
  State step(const Var& x, const State& s, const StateDrop& d) const { return next(x, s, d.state(s.y)); }

 private:
  /// The step; `seen` is the y that enters the recurrent product, with or without dropout.
  State next(const Var& x, const State& s, const Var& seen) const {
    auto [z, y] = fuse(
        [](auto a, auto b, auto y, auto z, auto dt, auto gamma, auto epsilon) {
          auto z1 = z + dt * (tanh(a + b) - gamma * y - epsilon * z);
          return std::pair{z1, y + dt * z1};
        },
        matmul(seen, W) + matmul(s.z, Wz) + matmul(x, V), b, s.y, s.z, dt, gamma, epsilon);
    return {.y = y, .z = z};
  }
};
EBB_CELL(cornn, CoRnn, "Coupled oscillators, Rusch & Mishra 2021");

}  // namespace
}  // namespace ebb
