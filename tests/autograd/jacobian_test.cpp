#include <cmath>
#include <ebb/autograd/fuse.hpp>
#include <ebb/autograd/hessian.hpp>
#include <ebb/autograd/jacobian.hpp>
#include <ebb/autograd/jvp.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/random.hpp>

#include "catch.hpp"

namespace jacobian_test {

using namespace ebb;
using Catch::Matchers::Contains;

namespace {

Array numbers(const Shape& s, std::uint64_t seed) { return uniform(s, Key{seed}, -1, 1, f64); }

/// Independent rows: [B, 3] -> [B, 2].
Var rows_apart(const Var& x) {
  const Var W = constant(numbers({3, 2}, 7));
  return fuse([](auto a, auto b) { return tanh(a) * b + sin(b); }, matmul(x, W), matmul(square(x), W)) +
         exp(.3 * slice(x, -1, 0, 2));
}

double worst(const Array& a, const Array& b) {
  REQUIRE(a.shape() == b.shape());
  double w = 0;
  for (std::int64_t k = 0; k < a.size(); ++k) w = std::max(w, std::abs(a.at_flat(k) - b.at_flat(k)));
  return w;
}

Array value_of(const VarFunction& f, const Array& x) {
  const Tape tape{{.dtype = f64}};
  return f(constant(x)).value();
}

/// d f / d x by central differences, with the axes of f(x), then those of x, flattened.
Array differences(const VarFunction& f, const Array& x) {
  const double h = 1e-5;
  const Array y = value_of(f, x);
  Array J = Array::zeros({static_cast<int>(y.size()), static_cast<int>(x.size())}, f64);
  for (std::int64_t n = 0; n < x.size(); ++n) {
    Array up = x.copy(), down = x.copy();
    up.set_flat(n, x.at_flat(n) + h);
    down.set_flat(n, x.at_flat(n) - h);
    const Array a = value_of(f, up), b = value_of(f, down);
    for (std::int64_t m = 0; m < y.size(); ++m) J.set_flat(m * x.size() + n, (a.at_flat(m) - b.at_flat(m)) / (2 * h));
  }
  return J;
}

}  // namespace

TEST_CASE("The Jacobian of rows equals that of each row alone, and agrees with finite differences") {
  const Array x = numbers({4, 3}, 1), J = jacobian(rows_apart, x);
  REQUIRE(J.shape() == Shape{4, 2, 3});
  for (int b = 0; b < 4; ++b) {
    const Array row = x.range(b, b + 1), alone = jacobian(rows_apart, row);
    CHECK(worst(J.range(b, b + 1), alone) < 1e-15);
    CHECK(worst(J[b], differences(rows_apart, row)) < 1e-9);
  }
  const Array full = jacobian_full(rows_apart, x);
  REQUIRE(full.shape() == Shape{4, 2, 4, 3});
  for (int b = 0; b < 4; ++b)
    for (int c = 0; c < 4; ++c)
      for (int m = 0; m < 2; ++m)
        for (int n = 0; n < 3; ++n) CHECK(full.at({b, m, c, n}) == (b == c ? J.at({b, m, n}) : 0));
}

TEST_CASE("Without rows the Jacobian is [M, N], and a function that mixes rows has only a full one") {
  const VarFunction f = [](const Var& x) { return concat({square(x), sum(x * x * x, {0}, Keep::yes)}); };
  const Array x = numbers({3}, 2);
  CHECK(worst(jacobian(f, x), differences(f, x)) < 1e-9);
  CHECK(jacobian(f, x).shape() == Shape{4, 3});
  CHECK(worst(jacobian_full(f, x), jacobian(f, x)) == 0);

  const VarFunction centred = [](const Var& v) { return v - mean(v, {0}, Keep::yes); };
  const Array rows = numbers({3, 2}, 3);
  CHECK_THROWS_WITH(jacobian(centred, rows), Contains("row 0 of f(x) depends on row 1") && Contains("jacobian_full"));
  CHECK(worst(jacobian_full(centred, rows).reshape({6, 6}), differences(centred, rows)) < 1e-9);
}

TEST_CASE("A Jacobian on an existing tape uses its Vars, and can be differentiated") {
  Tape tape{{.dtype = f64, .order = 2}};
  const Var a = variable(numbers({4, 3}, 4)), x = variable(numbers({4, 3}, 5));
  const Var J = jacobian([&](const Var& v) { return a * v * v * v; }, x, {.create_graph = true});  // diagonal, 3 a x^2
  const Grads g = tape.backward(sum(J));
  CHECK(worst(g[a], (x.value() * x.value()) * 3) < 1e-14);
  CHECK(worst(g[x], a.value() * x.value() * 6) < 1e-14);
}

TEST_CASE("J v, u J and the Jacobian agree") {
  const Array x = numbers({4, 3}, 1), v = numbers({4, 3}, 6), u = numbers({4, 2}, 8), J = jacobian(rows_apart, x);
  const auto [y, Jv] = jvp(rows_apart, x, v);
  const auto [same, uJ] = vjp(rows_apart, x, u);
  CHECK(worst(y, value_of(rows_apart, x)) < 1e-15);
  CHECK(worst(same, y) < 1e-15);
  double by_v = 0, by_u = 0;
  for (int b = 0; b < 4; ++b)
    for (int m = 0; m < 2; ++m) {
      double sum = 0;
      for (int n = 0; n < 3; ++n) sum += J.at({b, m, n}) * v.at({b, n});
      CHECK(Jv.at({b, m}) == Approx(sum).epsilon(1e-12));
      by_v += sum * u.at({b, m});
    }
  for (std::int64_t k = 0; k < v.size(); ++k) by_u += uJ.at_flat(k) * v.at_flat(k);
  CHECK(by_u == Approx(by_v).epsilon(1e-13));
}

TEST_CASE("The Hessian is symmetric, agrees with finite differences of the gradient and with its products") {
  const VarFunction f = [](const Var& x) { return sum(exp(x) * sin(x)) * sum(x) + logsumexp(x); };
  const Array x = numbers({5}, 9), v = numbers({5}, 10), H = hessian(f, x);
  REQUIRE(H.shape() == Shape{5, 5});
  CHECK(worst(H, transpose(H, {1, 0})) < 1e-13);
  for (int n = 0; n < 5; ++n) {
    Array up = x.copy(), down = x.copy();
    up.set_flat(n, x.at_flat(n) + 1e-5);
    down.set_flat(n, x.at_flat(n) - 1e-5);
    const Array one = Array::from({}, {1}, f64), a = vjp(f, up, one).second, b = vjp(f, down, one).second;
    for (int m = 0; m < 5; ++m) CHECK(H.at({m, n}) == Approx((a.at({m}) - b.at({m})) / 2e-5).margin(1e-8));
  }
  const Array Hv = hvp(f, x, v);
  for (int m = 0; m < 5; ++m) {
    double sum = 0;
    for (int n = 0; n < 5; ++n) sum += H.at({m, n}) * v.at({n});
    CHECK(Hv.at({m}) == Approx(sum).epsilon(1e-12));
  }
  CHECK(hessian([](const Var& m) { return sum(square(m)); }, numbers({2, 3}, 1)).shape() == Shape{2, 3, 2, 3});
}

TEST_CASE("H v over several Vars includes mixed derivatives") {
  Tape tape{{.dtype = f64, .order = 2}};
  const Var a = variable(Array::number(2, f64)), b = variable(Array::number(3, f64));
  const Var v = constant(Array::number(5, f64)), w = constant(Array::number(7, f64));
  const std::vector<Var> Hv = hvp(a * a * b, {a, b}, {v, w});  // H = [2b 2a; 2a 0]
  CHECK(Hv[0].item() == Approx(2 * 3 * 5 + 2 * 2 * 7));
  CHECK(Hv[1].item() == Approx(2 * 2 * 5));
  CHECK(hvp(a + b, {a, b}, {v, w})[0].item() == 0);
}

TEST_CASE("A function that does not depend on x has zero derivatives, and invalid requests are errors") {
  const Array x = numbers({2, 3}, 1);
  const VarFunction constant_rows = [](const Var& v) { return constant(Array::full({v.dim(0), 2}, 1, f64)); };
  CHECK(worst(jacobian(constant_rows, x), Array::zeros({2, 2, 3}, f64)) == 0);
  CHECK(worst(jvp(constant_rows, x, x).second, Array::zeros({2, 2}, f64)) == 0);
  CHECK(worst(hessian([](const Var&) { return zeros({}); }, numbers({3}, 1)), Array::zeros({3, 3}, f64)) == 0);

  CHECK_THROWS_WITH(jacobian([](const Var& v) { return sum(v); }, x),
                    Contains("x is [2, 3]") && Contains("jacobian_full"));
  CHECK_THROWS_AS(jacobian_full([](const Var& v) { return reshape(v, {1, 2, 3}); }, x), ShapeError);
  CHECK_THROWS_WITH(jvp(rows_apart, x, numbers({3}, 1)), Contains("[3]") && Contains("[2, 3]"));
  CHECK_THROWS_AS(hvp(rows_apart, x, x), ShapeError);
  CHECK_THROWS_AS(jacobian([](const Var&) { return Var(); }, x), TapeError);
  Tape tape{{.dtype = f64}};
  CHECK_THROWS_WITH(jvp(rows_apart, constant(x), constant(x)), Contains("order"));
  const NoGrad off;
  CHECK_THROWS_WITH(jacobian(rows_apart, constant(x)), Contains("NoGrad"));
}

}  // namespace jacobian_test
