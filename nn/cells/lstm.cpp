#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cells/gate_bias.hpp>
#include <ebb/nn/cells/lstm.hpp>

namespace ebb {

Lstm::Lstm(Builder p, CellSizes s) {
  const int H = s.hidden;
  const Init uniform = fan_in_uniform(H);
  Wx = p.matrix("Wx", s.input, 4 * H, uniform);
  Wh = p.matrix("Wh", H, 4 * H, uniform);
  const double forget = p.option("forget_bias", 1, "initial bias of the forget gate; 0: like the others");
  b = gate_bias(p, "b", H, 4, {.block = 1, .bias = forget, .write = 0}, uniform);
  p.state("h", &State::h, {H});
  p.state("c", &State::c, {H});
}

Lstm::State Lstm::step(const Var& x, const State& s) const {
  auto [c, h] = fuse(
      [](auto i, auto f, auto g, auto o, auto c) {
        auto c1 = watch("f", sigmoid(f)) * c + watch("i", sigmoid(i)) * watch("g", tanh(g));
        return std::pair{c1, watch("o", sigmoid(o)) * tanh(c1)};
      },
      split<4>(matmul(x, Wx) + matmul(s.h, Wh) + b), s.c);
  return {.h = h, .c = c};
}

EBB_CELL(lstm, Lstm, "Long short-term memory with forget gate, Hochreiter & Schmidhuber 1997, Gers et al. 2000");

}  // namespace ebb
