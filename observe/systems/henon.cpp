#include <ebb/nn/cell.hpp>

namespace ebb {
namespace {

/// H independent Henon maps.
///
///     x' = 1 - a x^2 + y;   y' = b x
///
/// |det J| = b everywhere, so the two exponents of a map sum to ln b. The input is ignored: added to x, it could push
/// the orbit out of the attractor's basin, and the orbit would diverge.
///
/// Shapes    input [B, I]; x, y [B, H]
/// Options   a=1.4, b=.3: the classical attractor, whose exponents are .4193 and -1.6233 nats per step
/// Init      no parameters; x and y are initially 0, in the basin
/// Source    Henon 1976, doi:10.1007/BF01608556
struct Henon {
  struct State {
    Var x, y;
  };
  double a, b;

  Henon(Builder p, CellSizes s)
      : a(p.option("a", 1.4, "coefficient of x^2")), b(p.option("b", .3, "area contraction factor")) {
    p.state("x", &State::x, {s.hidden});
    p.state("y", &State::y, {s.hidden});
  }

  State step(const Var& /*input*/, const State& s) const { return {.x = 1 - a * square(s.x) + s.y, .y = b * s.x}; }
};
EBB_CELL(henon, Henon, "Henon maps, Henon 1976; a system of known exponents");

}  // namespace
}  // namespace ebb
