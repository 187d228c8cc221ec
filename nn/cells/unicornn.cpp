#include <cmath>
#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cell.hpp>

namespace ebb {
namespace {

/// Undamped independent controlled oscillators: a Hamiltonian system without coupling between units, discretised by a
/// symplectic Euler step, so that it is volume-preserving and invertible.
///
///     D = dt sigmoid(c);   z' = z - D * (tanh(w * y + x V + b) + alpha y);   y' = y + D * z'
///
/// Shapes    x [B, I]; y, z [B, H]; V [I, H]; w, c, b [H]
/// Options   dt=.19, alpha=30.65: the authors' values for permuted pixels, with three layers of 256
/// Init      w U(0, 1), c U(-.1, .1), V uniform in +-sqrt(6 / (65 I)), b zero
/// Cost      2 H I flops per row and step
/// Source    Rusch & Mishra 2021, arXiv:2103.05487, and the authors' code
struct UnICoRnn {
  struct State {
    Var y, z;
  };
  Param V, w, c, b;
  double dt, alpha;

  UnICoRnn(Builder p, CellSizes s) {
    const int H = s.hidden;
    dt = p.option("dt", .19, "maximum step size");
    alpha = p.option("alpha", 30.65, "squared frequency of the oscillators");
    V = p.matrix("V", s.input, H, kaiming_uniform(std::sqrt(2. / 65)));
    w = p.vector("w", H, uniform_init(0, 1));
    c = p.vector("c", H, uniform_init(-.1, .1)).as([](const Var& c) { return sigmoid(c); });
    b = p.vector("b", H, zero_init);
    p.state("y", &State::y, {H});
    p.state("z", &State::z, {H});
  }

  State step(const Var& x, const State& s) const {
    auto [z, y] = fuse(
        [](auto a, auto b, auto w, auto c, auto y, auto z, auto dt, auto alpha) {
          auto D = dt * c;
          auto z1 = z - D * (tanh(w * y + a + b) + alpha * y);
          return std::pair{z1, y + D * z1};
        },
        matmul(x, V), b, w, c, s.y, s.z, dt, alpha);
    return {.y = y, .z = z};
  }
};
EBB_CELL(unicornn, UnICoRnn, "Undamped independent oscillators, Rusch & Mishra 2021");

}  // namespace
}  // namespace ebb
