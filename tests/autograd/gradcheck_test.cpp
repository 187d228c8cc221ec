#include "catch.hpp"

#include <cmath>
#include <ebb/autograd/grad.hpp>
#include <ebb/autograd/gradcheck.hpp>
#include <ebb/autograd/op_list.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/random.hpp>
#include <ebb/ops/reduce.hpp>
#include <sstream>

namespace gradcheck_test {

using namespace ebb;

namespace {

std::vector<Array> drawn(const OpSample& op, const std::vector<Shape>& shapes) {
  std::vector<Array> in;
  for (std::size_t k = 0; k < shapes.size(); ++k)
    in.push_back(uniform(shapes[k], Key{3}.named(op.name).at(k), op.low, op.high, f64));
  return in;
}

struct CubeWrong {  // d x^3 = 3 x^2, times 1.001: a gradient 0.1 % off
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

struct CubeFirstOrderWrongTwice {  // correct to first order, wrong to second
  static constexpr auto name = "cube, second order wrong";
  Array value(const Array& x) const { return x * x * x; }
  Var vjp(const Var& g, const Var& x, const Var&) const { return 3 * g * detach(x) * x; }
};

struct CubeOnArrays {
  static constexpr auto name = "cube on arrays";
  Array value(const Array& x) const { return x * x * x; }
  Array vjp(const Array& g, const Array& x, const Array&) const { return g * x * x * 3.0; }
};

struct Hypot {  // two inputs
  static constexpr auto name = "hypot";
  static constexpr double low = .5, high = 2;
  Array value(const Array& a, const Array& b) const { return sqrt(a * a + b * b); }
  std::array<Var, 2> vjp(const Var& g, const Var& a, const Var& b, const Var& y) const {
    return {g * a / y, g * b / y};
  }
};

struct OverwritesItsInput {  // y shares x's memory, and is written to
  static constexpr auto name = "overwrites its input";
  Array value(const Array& x) const {
    Array y = x;
    for (std::int64_t i = 0; i < y.size(); ++i) y.set_flat(i, 2 * y.at_flat(i));
    return y;
  }
  Var vjp(const Var& g, const Var&, const Var&) const { return 2 * g; }
};

struct DoublesACopy {
  static constexpr auto name = "doubles a copy";
  Array value(const Array& x) const {
    Array y = x.copy();
    for (std::int64_t i = 0; i < y.size(); ++i) y.set_flat(i, 2 * y.at_flat(i));
    return y;
  }
  Var vjp(const Var& g, const Var&, const Var&) const { return 2 * g; }
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

TEST_CASE("every shipped op has the same value and gradient in float32 as in float64") {
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

TEST_CASE("the recorded gradient of every shipped op equals that of the sweep over arrays") {
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
        CHECK(largest_magnitude(recorded[k].value() - swept[k].value()) <=
              1e-12 * std::max(1., largest_magnitude(swept[k].value())));
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

TEST_CASE("the checker passes users' ops with one and two inputs, to second order") {
  CHECK(gradcheck_op(Cube{}, {{3, 4}}, {.order = 2}).ok());
  CHECK(gradcheck_op(Hypot{}, {{3, 4}, {3, 4}}, {.order = 2}).ok());
}

TEST_CASE("the checker catches a gradient that is correct to first order and wrong to second") {
  CHECK(gradcheck_op(CubeFirstOrderWrongTwice{}, {{3, 4}}, {.order = 1}).ok());
  CHECK_FALSE(gradcheck_op(CubeFirstOrderWrongTwice{}, {{3, 4}}, {.order = 2}).ok());
}

TEST_CASE("a gradient written on arrays is first order: an order-2 tape rejects the op while recording") {
  CHECK(gradcheck_op(CubeOnArrays{}, {{3, 4}}).ok());
  const GradcheckReport r = gradcheck_op(CubeOnArrays{}, {{3, 4}}, {.order = 2});
  CHECK_FALSE(r.ok());
  CHECK_THAT(r.failure, Catch::Matchers::Contains("cube on arrays"));
}

TEST_CASE("the checker rejects an empty check") {
  const GradcheckReport r = gradcheck_op(Cube{}, {{3, 4}}, {.most_elements = 0});
  CHECK_FALSE(r.ok());
  CHECK(r.failure.find("most_elements") != std::string::npos);
}

TEST_CASE("the checker reports a function that is not deterministic") {
  int calls = 0;
  const GradcheckReport r =
      gradcheck([&](const std::vector<Var>& in) { return in[0] * double(++calls); }, {Array::full({2}, 1, f64)});
  CHECK_FALSE(r.deterministic);
  CHECK_FALSE(r.ok());
}

TEST_CASE("the checker reports the element, both values and the shape's index") {
  const GradcheckReport r = gradcheck(
      [](const std::vector<Var>& in) {
        return where(constant(Array::from({2, 2}, {0, 0, 0, 1}, f64)), detach(in[0]) * in[0], in[0] * in[0]);
      },
      {Array::full({2, 2}, 1, f64)}, {}, {"x"});
  REQUIRE(r.entries.size() == 1);
  CHECK(r.entries[0].element == "[1, 1]");
  CHECK(r.entries[0].input == "x");
  CHECK(r.entries[0].numeric == Approx(2 * r.entries[0].analytic));
}

TEST_CASE("the checker finds an op whose value overwrites its input") {
  CHECK_THAT(gradcheck_op(OverwritesItsInput{}, {{3}}).failure, Catch::Matchers::Contains("input 0 was overwritten"));
  CHECK(gradcheck_op(DoublesACopy{}, {{3}}).ok());
}

TEST_CASE("the checker reports where a value is not finite, and not that the function is not deterministic") {
  const GradcheckReport r =
      gradcheck([](const std::vector<Var>& in) { return log(in[0] - 2); }, {Array::full({2}, 1, f64)});
  CHECK_FALSE(r.ok());
  CHECK(r.deterministic);
  CHECK_THAT(r.finding,
             Catch::Matchers::Contains("not finite: log has the first value that is not finite (gradcheck_test.cpp:"));
}

TEST_CASE("the checker notes an input without influence, and does not report it as wrong") {
  const GradcheckReport r = gradcheck([](const std::vector<Var>& in) { return in[0] + 0 * in[1]; },
                                      {Array::full({2}, 1, f64), Array::full({2}, 1, f64)});
  REQUIRE(r.entries.size() == 2);
  CHECK(r.ok());
  CHECK(r.entries[0].influence);
  CHECK_FALSE(r.entries[1].influence);
  std::ostringstream text;
  text << r;
  CHECK_THAT(text.str(), Catch::Matchers::Contains("has no influence"));
}

TEST_CASE("an op that rejects its inputs is reported with their shapes, not with a line of the checker") {
  const std::string failure = gradcheck_op(Hypot{}, {{3, 4}, {5}}).failure;
  CHECK_THAT(failure, Catch::Matchers::Contains("in hypot::value with inputs [3, 4], [5]: "));
  CHECK(failure.find("gradcheck_op.hpp") == std::string::npos);
}

namespace {

/// Row by row (x - mean) / sqrt(variance + 1e-5).
Var normalised(const Var& x) {
  const Var centred = x - mean(x, -1, Keep::yes);
  return centred / sqrt(mean(square(centred), -1, Keep::yes) + 1e-5);
}

template <int power> struct CubeScaled {  // a gradient that is 10^power times the correct one
  static constexpr auto name = "cube, gradient scaled";
  static constexpr double low = .5, high = 2;
  Array value(const Array& x) const { return x * x * x; }
  Var vjp(const Var& g, const Var& x, const Var&) const { return 3 * std::pow(10., power) * g * x * x; }
};

GradcheckReport scaled_loss(double scale, bool right) {
  return gradcheck(
      [&](const std::vector<Var>& in) { return scale * (right ? apply(Cube{}, in[0]) : apply(CubeWrong{}, in[0])); },
      {uniform({3, 4}, Key{1}, .5, 2, f64)});
}

}  // namespace

TEST_CASE("a layer norm of constant rows passes, although its length scale is sqrt(1e-5)") {
  for (const double x : {0., 1., -3.}) {
    const GradcheckReport r =
        gradcheck([](const std::vector<Var>& in) { return square(normalised(in[0])) + normalised(in[0]); },
                  {Array::full({2, 5}, x, f64)}, {.order = 2});
    INFO("rows of " << x << "\n" << r);
    CHECK(r.ok());
  }
}

TEST_CASE("a gradient scaled by 1e-8 is wrong, and so is one 0.1 % off in a loss of any scale") {
  CHECK_FALSE(gradcheck_op(CubeScaled<-8>{}, {{3, 4}}).ok());
  CHECK_FALSE(gradcheck_op(CubeScaled<8>{}, {{3, 4}}).ok());
  for (const double scale : {1e-30, 1e-8, 1e-4, 1e8, 1e30}) {
    INFO("scale " << scale);
    CHECK(scaled_loss(scale, true).ok());
    CHECK(scaled_loss(scale, true).entries[0].too_small == 0);
    CHECK_FALSE(scaled_loss(scale, false).ok());
  }
}

TEST_CASE("one small wrong entry among large correct ones is found") {
  const auto f = [](bool right) {
    return [right](const std::vector<Var>& in) {
      const Var small = slice(in[0], 0, 0, 1) * 1e-7;
      return sum(square(slice(in[0], 0, 1, 4))) + sum(right ? small : small + detach(small));
    };
  };
  const std::vector<Array> x = {uniform({4}, Key{2}, .5, 1, f64)};
  CHECK(gradcheck(f(true), x).ok());
  const GradcheckReport r = gradcheck(f(false), x);
  CHECK_FALSE(r.ok());
  CHECK(r.entries[0].element == "[0]");
}

TEST_CASE("entries too small to judge relative to the value are counted and named, and are not reported as wrong") {
  const GradcheckReport r =
      gradcheck([](const std::vector<Var>& in) { return 1000 + 1e-13 * in[0]; }, {uniform({3}, Key{1}, .5, 1, f64)});
  CHECK(r.ok());
  REQUIRE(r.entries.size() == 1);
  CHECK(r.entries[0].elements == 3);
  CHECK(r.entries[0].too_small == 3);
  std::ostringstream text;
  text << r;
  CHECK_THAT(text.str(), Catch::Matchers::Contains("3 of 3 too small to judge: [0], [1], [2]"));
}

TEST_CASE("entries of very different sizes are each judged by their own size") {
  const GradcheckReport r =
      gradcheck([](const std::vector<Var>& in) { return exp(30 * in[0]); }, {Array::from({4}, {-1, -.3, .2, 1}, f64)});
  INFO(r);
  CHECK(r.ok());
}

}  // namespace gradcheck_test
