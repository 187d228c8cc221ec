#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cells/lstm.hpp>

namespace ebb {

/// The step of lstm.cpp with dropout: d(h) is h with dropout, m the candidate's mask.
///
///     [i f g o] = x Wx + d(h) Wh + b
///     c' = sigmoid(f) * c + sigmoid(i) * (tanh(g) * m);   h' = sigmoid(o) * tanh(c')
Lstm::State Lstm::step(const Var& x, const State& s, const Drop& d) const {
  auto [c, h] = fuse(
      [](auto i, auto f, auto g, auto o, auto c, auto m) {
        auto c1 = watch("f", sigmoid(f)) * c + watch("i", sigmoid(i)) * (watch("g", tanh(g)) * m);
        return std::pair{c1, watch("o", sigmoid(o)) * tanh(c1)};
      },
      split<4>(matmul(x, Wx) + matmul(d.state(s.h), Wh) + b), s.c, d.candidate(s.c));
  return {.h = h, .c = c};
}

}  // namespace ebb
