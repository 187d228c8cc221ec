#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cell.hpp>
#include <ebb/ops/error.hpp>
#include <span>

namespace ebb {
namespace {

constexpr int most_modules = 9;
constexpr const char* module_weights[most_modules] = {"U1", "U2", "U3", "U4", "U5", "U6", "U7", "U8", "U9"};

/// Clockwork network: modules of units with periods 1, 2, 4, ..., each of which moves only when its period has passed,
/// and reads itself and the slower modules.
///
///     module i moves at t = 0, T_i, 2 T_i, ..., T_i = 2^(i - 1):  h_i' = tanh(x W_i + sum over j >= i of h_j U_ij + b_i)
///     otherwise h_i' = h_i;   clock_i' = T_i - 1 after a move, else clock_i - 1, and a module moves at 0
///
/// Shapes    x [B, I]; h [B, H]; clock [B, M, 1]; W [I, H], b [H], of all modules; U_i [(M - i + 1) H/M, H/M], from
///           modules i to M; periods [M, 1], fixed
/// Options   modules=4 (1 if H is not a multiple of 4), at most 9
/// Init      W, U1, U2, ..., b normal with deviation .1
/// Cost      H (2 I + H (M + 1) / M) flops per row and step
/// Source    Koutnik et al. 2014, arXiv:1402.3511
/// Differs   resting modules are computed and then discarded: each row has its own clocks, which count from the
///           state with which it starts
struct Clockwork {
  struct State {
    Var h, clock;
  };
  Param W, b, U[most_modules], periods;
  int hidden, modules;

  Clockwork(Builder p, CellSizes s) : hidden(s.hidden) {
    const Init start = normal_init(0, .1);
    modules = p.whole("modules", hidden % 4 == 0 ? 4 : 1, 1, most_modules, "modules of units, at most 9");
    if (hidden % modules != 0) p.reject("modules", "must divide the hidden size");
    W = p.matrix("W", s.input, hidden, start);
    b = p.vector("b", hidden, start);
    Array steps = Array::zeros({modules, 1}, f64);
    for (int k = 0; k < modules; ++k) {
      U[k] = p.matrix(module_weights[k], hidden - k * width(), width(), start);
      steps.set_flat(k, 1 << k);
    }
    periods = p.fixed("periods", steps);
    p.state("h", &State::h, {hidden});
    p.state("clock", &State::clock, {modules, 1});
  }

  State step(const Var& x, const State& s) const { return next(x, s, s.h); }
  State step(const Var& x, const State& s, const StateDrop& d) const { return next(x, s, d.state(s.h)); }

 private:
  int width() const { return hidden / modules; }

  /// The step; `seen` is the h that enters the recurrent products, with or without dropout.
  State next(const Var& x, const State& s, const Var& seen) const {
    Var from[most_modules];
    for (int k = 0; k < modules; ++k) from[k] = matmul(slice(seen, -1, k * width(), hidden), U[k]);
    const Var pre = matmul(x, W) + b + concat(std::span<const Var>(from, static_cast<std::size_t>(modules)));
    const Shape by_module{-1, modules, width()};
    const Var h = fuse([](auto clock, auto a, auto h) { return where(clock < .5, tanh(a), h); }, s.clock,
                       reshape(pre, by_module), reshape(s.h, by_module));
    const Var clock =
        fuse([](auto clock, auto period) { return where(clock < .5, period, clock) - 1; }, s.clock, periods);
    return {.h = reshape(h, {-1, hidden}), .clock = clock};
  }
};
EBB_CELL(clockwork, Clockwork, "Clockwork network: modules with periods 1, 2, 4, ..., Koutnik et al. 2014");

}  // namespace
}  // namespace ebb
