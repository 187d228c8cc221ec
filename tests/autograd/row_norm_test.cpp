#include <cmath>
#include <ebb/autograd/functions.hpp>
#include <ebb/autograd/grad.hpp>
#include <ebb/autograd/tape.hpp>

#include "catch.hpp"

namespace row_norm_test {

using namespace ebb;

TEST_CASE("A norm and its gradient are accurate for rows whose squares overflow float32") {
  for (const double unit : {1e-30, 1e-23, 1., 1e20, 1e37}) {
    Tape tape{{.dtype = f32}};
    const Var x = variable(Array::from({2}, {3 * unit, 4 * unit}));
    const Var n = row_norm(x);
    const Array g = grad(n, {x})[0].value();
    INFO(unit);
    CHECK(n.value().item() == Approx(5 * unit).epsilon(1e-6));
    CHECK(g.at({0}) == Approx(.6).epsilon(1e-6));
    CHECK(g.at({1}) == Approx(.8).epsilon(1e-6));
  }
}

TEST_CASE("A norm and its gradient are accurate for rows whose squares overflow float64") {
  for (const double unit : {1e-300, 1e-170, 1e160, 1e300}) {
    Tape tape{{.dtype = f64}};
    const Var x = variable(Array::from({2, 2}, {3, 4, 0, 0}, f64)), n = row_norm(x * unit);
    const Array g = grad(sum(n), {x})[0].value();
    CHECK(n.value().at({0}) == Approx(5 * unit).epsilon(1e-14));
    CHECK(g.at({0, 0}) == Approx(.6 * unit).epsilon(1e-14));
    CHECK(g.at({0, 1}) == Approx(.8 * unit).epsilon(1e-14));
    CHECK(g.at({1, 0}) == 0);
  }
}

TEST_CASE("A penalty on a nearly vanished gradient has a gradient") {
  // d/dw of |d(w^2 unit)/dw| = 2 unit
  Tape tape{{.dtype = f32, .order = 2}};
  const double unit = 1e-25;
  const Var w = variable(Array::from({2}, {3, 4}));
  const Var loss = sum(square(w)) * (unit / 2);
  const Var penalty = row_norm(grad(loss, {w}, {.create_graph = true})[0]);
  const Array g = grad(penalty, {w})[0].value();
  CHECK(penalty.value().item() == Approx(5 * unit).epsilon(1e-6));
  CHECK(g.at({0}) == Approx(.6 * unit).epsilon(1e-6));
  CHECK(g.at({1}) == Approx(.8 * unit).epsilon(1e-6));
}

TEST_CASE("A row with a zero adjoint does not contribute to cross entropy, for any logits") {
  const double inf = INFINITY;
  for (const int order : {1, 2})
    for (const double odd : {-inf, inf, static_cast<double>(NAN)}) {
      Tape tape{{.dtype = f32, .order = order}};
      const Var z = variable(Array::from({2, 3}, {odd, odd, 1, 0, 0, 0}));
      const Var loss = where(constant(Array::from({2}, {0, 1})), cross_entropy(z, Tokens({2}, {0, 1})), 0);
      const Var g = grad(sum(loss), {z}, {.create_graph = order == 2})[0];
      CHECK(sum(loss).value().item() == Approx(std::log(3.)));
      for (int k = 0; k < 3; ++k) {
        CHECK(g.value().at({0, k}) == 0);
        CHECK(g.value().at({1, k}) == Approx(k == 1 ? -2. / 3 : 1. / 3));
      }
      if (order == 1) continue;
      const Array second = grad(sum(square(g)), {z})[0].value();
      for (int k = 0; k < 3; ++k) CHECK(second.at({0, k}) == 0);
      CHECK(std::isfinite(second.at({1, 0})));
    }
}

}  // namespace row_norm_test
