#include <ebb/experiments/studies/why_fields.hpp>

namespace ebb::app {

void visit(Fields& f, Estimate& e) { f("value", e.value)("error", e.error); }

namespace study {

void visit(Fields& f, GateEvidence& g) {
  f("name", g.name)("field", g.field)("from", g.from)("misfit", g.misfit)("complement", g.complement);
  f("first", g.first)("median", g.median)("third", g.third)("longest", g.longest)("alone", g.alone);
  f("near_zero", g.near_zero)("near_one", g.near_one)("seeds", g.seeds)("of_seeds", g.of_seeds);
}

void visit(Fields& f, MatrixEvidence& m) {
  f("sigma_max", m.sigma_max)("bound", m.bound)("radius", m.radius)("log_slope", m.log_slope);
  f("seeds", m.seeds)("seeds_below", m.seeds_below);
}

void visit(Fields& f, Evidence& e) {
  f("name", e.name)("cell", e.cell)("length", e.length)("first", e.first)("last", e.last);
  f("decay", e.decay)("exponent", e.exponent)("gates", e.gates)("gates_known", e.gates_known);
  f("matrix", e.matrix)("missing", e.missing);
}

}  // namespace study
}  // namespace ebb::app
