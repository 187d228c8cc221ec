#include <ebb/nn/cells/gate_bias.hpp>
#include <ebb/nn/cells/gru_course.hpp>

namespace ebb {

GruCourse::GruCourse(Builder p, CellSizes s) {
  const int H = s.hidden;
  const Init uniform = fan_in_uniform(H);
  Wx = p.matrix("Wx", s.input, 3 * H, uniform);
  Wh = p.matrix("Wh", H, 2 * H, uniform);
  Un = p.matrix("Un", H, H, uniform);
  const double keep = p.option("update_bias", 0, "above 0 the cell initially keeps its state; 0: like the others");
  b = gate_bias(p, "b", H, 3, {.block = 1, .bias = keep, .sign = -1}, uniform);
}

Hidden GruCourse::step(const Var& x, const Hidden& s) const {
  auto [xr, xz, xn] = split<3>(matmul(x, Wx) + b);
  auto [hr, hz] = split<2>(matmul(s.h, Wh));
  auto r = watch("r", sigmoid(xr + hr));
  auto z = watch("z", sigmoid(xz + hz));
  auto n = watch("n", tanh(xn + matmul(r * s.h, Un)));
  return {(1 - z) * s.h + z * n};
}

EBB_CELL_NAMED(gru_course, "gru-course", GruCourse,
               "Gated recurrent unit as taught in courses (reset before the product)");

}  // namespace ebb
