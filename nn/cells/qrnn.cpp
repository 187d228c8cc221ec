#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cell.hpp>

namespace ebb {
namespace {

/// Quasi-recurrent network: candidate and gates are convolutions over the last inputs, which the state holds, and the
/// memory is a weighted mean of candidates.
///
///     [z f o] = [x(t) x(t-1) ...] W + b
///     c' = sigmoid(f) * c + (1 - sigmoid(f)) * tanh(z);   h' = sigmoid(o) * c'
///     pool=f: no o, h' = c';   pool=ifo: a fourth block i, c' = sigmoid(f) * c + sigmoid(i) * tanh(z)
///
/// Shapes    x [B, I]; h, c [B, H]; past, the previous inputs, the last one first [B, (window - 1) I]; W [window I,
///           3H], b [3H]; 2H with pool=f, 4H with pool=ifo
/// Options   window=2, the number of inputs that a gate sees, 2 to 16; pool=fo|f|ifo
/// Init      uniform in +-1/sqrt(window I)
/// Cost      6 H window I flops per row and step
/// Source    Bradbury et al. 2017, arXiv:1611.01576
/// Differs   from the authors' code, which exchanges f and 1 - f
struct Qrnn {
  struct State {
    Var h, c, past;
  };
  Param W, b;
  int window, pool;
  enum Pool { fo, f, ifo };

  Qrnn(Builder p, CellSizes s) {
    window = p.whole("window", 2, 2, 16, "number of inputs that a gate sees, the present one included");
    pool = p.choice("pool", "fo|f|ifo", "gates of the memory: forget and output; forget; input, forget and output");
    const int width = (pool == fo ? 3 : pool == f ? 2 : 4) * s.hidden;
    const Init start = fan_in_uniform(window * s.input);
    W = p.matrix("W", window * s.input, width, start);
    b = p.vector("b", width, start);
    p.state("h", &State::h, {s.hidden});
    p.state("c", &State::c, {s.hidden});
    p.state("past", &State::past, {(window - 1) * s.input});
  }

  State step(const Var& x, const State& s) const {
    const Var seen = concat({x, s.past});
    const Var pre = matmul(seen, W) + b;
    State next = pool == fo ? forget_output(pre, s.c) : pool == f ? forget(pre, s.c) : input_forget_output(pre, s.c);
    next.past = slice(seen, -1, 0, s.past.dim(-1));
    return next;
  }

 private:
  static State forget_output(const Var& pre, const Var& memory) {
    auto [c, h] = fuse(
        [](auto z, auto f, auto o, auto c) {
          auto keep = watch("f", sigmoid(f));
          auto c1 = keep * c + (1 - keep) * watch("z", tanh(z));
          return std::pair{c1, watch("o", sigmoid(o)) * c1};
        },
        split<3>(pre), memory);
    return {.h = h, .c = c, .past = {}};
  }
  static State forget(const Var& pre, const Var& memory) {
    const Var c = fuse(
        [](auto z, auto f, auto c) {
          auto keep = watch("f", sigmoid(f));
          return keep * c + (1 - keep) * watch("z", tanh(z));
        },
        split<2>(pre), memory);
    return {.h = c, .c = c, .past = {}};
  }
  static State input_forget_output(const Var& pre, const Var& memory) {
    auto [c, h] = fuse(
        [](auto z, auto f, auto o, auto i, auto c) {
          auto c1 = watch("f", sigmoid(f)) * c + watch("i", sigmoid(i)) * watch("z", tanh(z));
          return std::pair{c1, watch("o", sigmoid(o)) * c1};
        },
        split<4>(pre), memory);
    return {.h = h, .c = c, .past = {}};
  }
};
EBB_CELL(qrnn, Qrnn, "Quasi-recurrent network: gates are convolutions over the last inputs, Bradbury et al. 2017");

}  // namespace
}  // namespace ebb
