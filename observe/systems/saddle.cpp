#include <ebb/nn/cell.hpp>

namespace ebb {
namespace {

/// H uncoupled units: the smallest network with saddle-node bifurcations, where its gradient has a cliff.
///
///     h' = w * sigmoid(h) + b
///
/// At w = 5 there are two stable fixed points and an unstable one between b = -2.65561 and b = -2.34439, and one stable
/// fixed point elsewhere. The input is ignored.
///
/// Shapes    x [B, I]; h [B, H]; w, b [H]
/// Options   w=5, b=-2.5: the value of every unit
/// Init      as the options say; h is initially .5
/// Source    Pascanu, Mikolov & Bengio 2013, arXiv:1211.5063
struct Saddle {
  Param w, b;

  Saddle(Builder p, CellSizes s)
      : w(p.vector("w", s.hidden, constant_init(p.option("w", 5, "recurrent weight of every unit")))),
        b(p.vector("b", s.hidden, constant_init(p.option("b", -2.5, "bias of every unit")))) {
    p.state("h", &Hidden::h, {s.hidden}, .5);
  }

  Hidden step(const Var& /*x*/, const Hidden& s) const { return {w * sigmoid(s.h) + b}; }
};
EBB_CELL(saddle, Saddle, "Units with saddle-node bifurcations, Pascanu et al. 2013; a system of known fixed points");

}  // namespace
}  // namespace ebb
