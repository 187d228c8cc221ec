#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cells/gate_bias.hpp>
#include <ebb/nn/cells/gru.hpp>

namespace ebb {

Gru::Gru(Builder p, CellSizes s) {
  const int H = s.hidden;
  const Init uniform = fan_in_uniform(H);
  Wx = p.matrix("Wx", s.input, 3 * H, uniform);
  Wh = p.matrix("Wh", H, 3 * H, uniform);
  const double keep =
      p.option("update_bias", 0, "initial bias of the update gate, above 0 it keeps the state; 0: like the others");
  b = gate_bias(p, "b", H, 3, {.block = 1, .bias = keep}, uniform);
  bn = p.vector("bn", H, uniform);
}

Hidden Gru::step(const Var& x, const Hidden& s) const {
  return {fuse(
      [](auto xr, auto xz, auto xn, auto hr, auto hz, auto hn, auto bn, auto h) {
        auto r = watch("r", sigmoid(xr + hr));
        auto z = watch("z", sigmoid(xz + hz));
        auto n = watch("n", tanh(xn + r * (hn + bn)));
        return (1 - z) * n + z * h;
      },
      split<3>(matmul(x, Wx) + b), split<3>(matmul(s.h, Wh)), bn, s.h)};
}

EBB_CELL(gru, Gru, "Gated recurrent unit as in PyTorch (reset after the product), Cho et al. 2014");

}  // namespace ebb
