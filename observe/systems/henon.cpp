#include <ebb/nn/cell.hpp>

namespace ebb {
namespace {

/// H Henon maps side by side.
///
///     x' = 1 - a x^2 + y;   y' = b x
///
/// |det J| = b everywhere, so that the two exponents of a map add up to ln b. The input is ignored: what is added to x
/// may throw the orbit out of the basin of its attractor, and it then leaves every bound.
///
/// Shapes    input [B, I]; x, y [B, H]
/// Options   a=1.4, b=.3: the classical attractor, whose exponents are .4193 and -1.6233 nats a step
/// Init      no parameters; x and y start at zero, in the basin
/// Source    Henon 1976, doi:10.1007/BF01608556
struct Henon {
  struct State {
    Var x, y;
  };
  double a, b;

  Henon(Builder p, CellSizes s)
      : a(p.option("a", 1.4, "strength of the square")), b(p.option("b", .3, "factor by which areas shrink")) {
    p.state("x", &State::x, {s.hidden});
    p.state("y", &State::y, {s.hidden});
  }

  State step(const Var& /*input*/, const State& s) const { return {.x = 1 - a * square(s.x) + s.y, .y = b * s.x}; }
};
EBB_CELL(henon, Henon, "Henon maps, Henon 1976; a system of known exponents");

}  // namespace
}  // namespace ebb
