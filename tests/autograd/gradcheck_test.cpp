#include "catch.hpp"

#include <ebb/autograd/gradcheck.hpp>
#include <ebb/autograd/grad.hpp>
#include <ebb/autograd/op_list.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/reduce.hpp>

using namespace ebb;

namespace {

std::vector<Array> drawn(const OpSample& op, const std::vector<Shape>& shapes) {
  std::vector<Array> in;
  for (std::size_t k = 0; k < shapes.size(); ++k)
    in.push_back(uniform(shapes[k], Key{3}.named(op.name).at(k), op.low, op.high, f64));
  return in;
}

struct CubeWrong {   // d x^3 = 3 x^2, times 1.001: a gradient 0.1 % off
  static constexpr auto name = "cube, gradient 0.1 % off";
  static constexpr double low = .5, high = 2;
  Array value(const Array& x) const { return x * x * x; }
  Var vjp(const Var& g, const Var& x, const Var&) const { return 3.003 * g * x * x; }
};

struct Cube {
  static constexpr auto name = "cube";
  Array value(const Array& x) const { return x * x * x; }
  Var vjp(const Var& g, const Var& x, const Var&) const { return 3 * g * x * x; }
};

struct CubeFirstOrderWrongTwice {   // right once, wrong when differentiated again
  static constexpr auto name = "cube, second order wrong";
  Array value(const Array& x) const { return x * x * x; }
  Var vjp(const Var& g, const Var& x, const Var&) const { return 3 * g * detach(x) * x; }
};

struct CubeOnArrays {
  static constexpr auto name = "cube on arrays";
  Array value(const Array& x) const { return x * x * x; }
  Array vjp(const Array& g, const Array& x, const Array&) const { return g * x * x * 3.0; }
};

struct Hypot {   // two inputs
  static constexpr auto name = "hypot";
  static constexpr double low = .5, high = 2;
  Array value(const Array& a, const Array& b) const { return sqrt(a * a + b * b); }
  std::array<Var, 2> vjp(const Var& g, const Var& a, const Var& b, const Var& y) const { return {g * a / y, g * b / y}; }
};

}  // namespace

TEST_CASE("every shipped op has the gradient of its value, to second order") {
  for (const OpSample& op : shipped_ops()) {
    REQUIRE(op.call);
    for (const auto& shapes : op.shapes) {
      const GradcheckReport r = gradcheck(op.call, drawn(op, shapes), {.order = 2});
      INFO(op.name << "\n" << r);
      CHECK(r.ok());
    }
  }
}

TEST_CASE("every shipped op has in float32 the value and gradient of float64") {
  for (const OpSample& op : shipped_ops()) {
    INFO(op.name);
    const std::vector<Array> in = drawn(op, op.shapes.front());
    std::vector<Array> seen[2];
    for (int k = 0; k < 2; ++k) {
      Tape tape{{.dtype = k ? f64 : f32}};
      std::vector<Var> v;
      for (const Array& a : in) v.push_back(variable(a.to(f32)));
      const Var y = op.call(v);
      seen[k].push_back(y.value().to(f64));
      const Grads g = tape.backward(sum(y));
      for (const Var& x : v) seen[k].push_back(g[x].to(f64));
    }
    for (std::size_t k = 0; k < seen[0].size(); ++k)
      for (std::int64_t i = 0; i < seen[0][k].size(); ++i)
        CHECK(seen[0][k].at_flat(i) == Approx(seen[1][k].at_flat(i)).epsilon(1e-4).margin(1e-4));
  }
}

TEST_CASE("the recorded gradient of every shipped op is the one that the sweep over arrays gives") {
  for (const OpSample& op : shipped_ops())
    for (const auto& shapes : op.shapes) {
      Tape tape{{.dtype = f64, .order = 2}};
      std::vector<Var> in;
      for (const Array& a : drawn(op, shapes)) in.push_back(variable(a));
      const Var y = op.call(in);
      const Var s = sum(y * constant(uniform(y.shape(), Key{4}, .5, 1.5, f64)));
      const std::vector<Var> recorded = grad(s, in, {.create_graph = true}), swept = grad(s, in);
      INFO(op.name);
      for (std::size_t k = 0; k < in.size(); ++k) {
        REQUIRE(recorded[k].shape() == swept[k].shape());
        CHECK(largest_magnitude(recorded[k].value() - swept[k].value()) <= 1e-12 * std::max(1., largest_magnitude(swept[k].value())));
      }
    }
}

TEST_CASE("the checker catches a gradient that is 0.1 % off") {
  const GradcheckReport r = gradcheck_op(CubeWrong{}, {{3, 4}});
  CHECK_FALSE(r.ok());
  REQUIRE(r.entries.size() == 1);
  CHECK_FALSE(r.entries[0].ok);
  CHECK(r.entries[0].analytic / r.entries[0].numeric == Approx(1.001).epsilon(1e-6));
}

TEST_CASE("the checker passes ops of one's own with one and two inputs, to second order") {
  CHECK(gradcheck_op(Cube{}, {{3, 4}}, {.order = 2}).ok());
  CHECK(gradcheck_op(Hypot{}, {{3, 4}, {3, 4}}, {.order = 2}).ok());
}

TEST_CASE("the checker catches a gradient that is right once and wrong when differentiated again") {
  CHECK(gradcheck_op(CubeFirstOrderWrongTwice{}, {{3, 4}}, {.order = 1}).ok());
  CHECK_FALSE(gradcheck_op(CubeFirstOrderWrongTwice{}, {{3, 4}}, {.order = 2}).ok());
}

TEST_CASE("a gradient written on arrays is first order: an order-2 tape refuses the op while recording") {
  CHECK(gradcheck_op(CubeOnArrays{}, {{3, 4}}).ok());
  const GradcheckReport r = gradcheck_op(CubeOnArrays{}, {{3, 4}}, {.order = 2});
  CHECK_FALSE(r.ok());
  CHECK_THAT(r.failure, Catch::Matchers::Contains("cube on arrays"));
}

TEST_CASE("the checker refuses to check nothing") {
  const GradcheckReport r = gradcheck_op(Cube{}, {{3, 4}}, {.most_elements = 0});
  CHECK_FALSE(r.ok());
  CHECK(r.failure.find("most_elements") != std::string::npos);
}

TEST_CASE("the checker says when a function is not deterministic") {
  int calls = 0;
  const GradcheckReport r = gradcheck([&](const std::vector<Var>& in) { return in[0] * double(++calls); }, {Array::full({2}, 1, f64)});
  CHECK_FALSE(r.deterministic);
  CHECK_FALSE(r.ok());
}

TEST_CASE("the checker reports the element, both values and the shape's index") {
  const GradcheckReport r = gradcheck(
      [](const std::vector<Var>& in) { return where(constant(Array::from({2, 2}, {0, 0, 0, 1}, f64)), detach(in[0]) * in[0], in[0] * in[0]); },
      {Array::full({2, 2}, 1, f64)}, {}, {"x"});
  REQUIRE(r.entries.size() == 1);
  CHECK(r.entries[0].element == "[1, 1]");
  CHECK(r.entries[0].input == "x");
  CHECK(r.entries[0].numeric == Approx(2 * r.entries[0].analytic));
}
