#include "catch.hpp"

#include <cmath>
#include <ebb/autograd/fuse.hpp>
#include <ebb/autograd/nonfinite.hpp>
#include <ebb/autograd/shards.hpp>
#include <ebb/autograd/trace.hpp>
#include <ebb/ops/random.hpp>
#include <limits>

namespace nonfinite_test {

using namespace ebb;
using Catch::Matchers::Contains;

namespace {

unsigned line_here(std::source_location w = std::source_location::current()) { return w.line(); }

}  // namespace

TEST_CASE("the first value that is not finite is named with op, time step, line and the range of its operand") {
  Tape tape{{.dtype = f64}};
  const Var x = variable(Array::from({2, 3}, {1, 2, 3, -1, 5, 6}, f64));
  NonFinite watch;
  unsigned line = 0;
  {
    const NonFinite::Scope on(watch);
    Var h = x * 2;
    for (const int t : steps(5)) {
      line = line_here() + 1;
      if (t == 3) h = log(h);
      else h = h + 0.5;
    }
    h = h * h;
  }
  REQUIRE(watch.first());
  const NonFiniteValue& v = *watch.first();
  CHECK(v.op == "log");
  CHECK(v.step == 3);
  CHECK(v.line == line);
  CHECK_FALSE(v.gradient);
  CHECK(v.result.nan == 1);
  CHECK(v.result.finite == 5);
  CHECK(v.result.first == 3);
  REQUIRE(v.operands.size() == 1);
  CHECK(v.operands[0].low == -.5);  // 2 x + 3 / 2
  CHECK(v.operands[0].high == 13.5);
  CHECK(v.operands[0].nan + v.operands[0].infinite == 0);
  CHECK_THAT(v.text(), Contains("log has the first value that is not finite, time step 3 (nonfinite_test.cpp:" +
                                std::to_string(line) + ")"));
  CHECK_THAT(v.text(), Contains("1 of 6 NaN, the first at [1, 0]"));
  CHECK_THAT(v.text(), Contains("operand 1, add (nonfinite_test.cpp:" + std::to_string(line + 1) +
                                ", time step 2): [2, 3] in [-0.5, 13.5]"));
}

TEST_CASE("a gradient that is not finite is named at the op that computed it, with the values that it read") {
  Tape tape{{.dtype = f64}};
  const Var x = variable(Array::from({3}, {4, 0, 9}, f64));
  NonFinite watch;
  unsigned line = 0;
  {
    const NonFinite::Scope on(watch);
    Var y;
    for (const int t : steps(3)) {
      line = line_here() + 1;
      if (t == 2) y = sqrt(x);
    }
    tape.backward(sum(y * 3));
  }
  REQUIRE(watch.first());
  const NonFiniteValue& v = *watch.first();
  CHECK(v.gradient);
  CHECK(v.op == "sqrt");
  CHECK(v.step == 2);
  CHECK(v.line == line);
  CHECK(v.of == 0);
  CHECK(v.result.infinite == 1);
  CHECK(v.result.first == 1);
  REQUIRE(v.operands.size() == 1);
  CHECK(v.operands[0].low == 0);
  CHECK(v.operands[0].high == 9);
  CHECK(v.adjoint.low == 3);
  CHECK(v.adjoint.high == 3);
  CHECK_THAT(v.text(), Contains("sqrt has the first gradient that is not finite, time step 2 (nonfinite_test.cpp:"));
  CHECK_THAT(v.text(), Contains("1 of 3 infinite, the first at [1]"));
  CHECK_THAT(v.text(), Contains("gradient received: [3] all 3"));
}

TEST_CASE("inside a fused lambda the function and its line are named") {
  Tape tape{{.dtype = f64}};
  const Var x = variable(Array::from({3}, {4, -2, 9}, f64));
  NonFinite watch;
  unsigned line = 0;
  {
    const NonFinite::Scope on(watch);
    line = line_here() + 3;
    (void)fuse(
        [](auto a, auto b) {
          auto root = sqrt(a);
          return root * b;
        },
        x * 1, x);
  }
  REQUIRE(watch.first());
  CHECK(watch.first()->op == "sqrt");
  CHECK(watch.first()->line == line);
  REQUIRE(watch.first()->operands.size() == 1);
  CHECK(watch.first()->operands[0].low == -2);
}

TEST_CASE("a product of weights that overflows after it was deferred is named too") {
  const float big = 3e38f;
  LeafSet set;
  const Leaf w = set.add("w", Array::zeros({2, 2}));
  const Array x = Array::full({3, 1, 2}, big);
  const std::string found = trace_nonfinite(set, {.rows = 1}, [&](Shard& s) {
    const Sequence in = s.sequence(x);
    Var h = zeros({1, 2});
    for (const int t : steps(3)) h = h + matmul(in[t], w);
    return s.sum(h);
  });
  CHECK_THAT(found, Contains("matmul has the first gradient that is not finite") && Contains("4 of 4"));
}

TEST_CASE("values without gradient, and those of shards, are observed; finite ones are not reported", "[shards]") {
  LeafSet set{f64};
  const Leaf w = set.add("w", Array::full({2}, 1, f64));
  const Array x = Array::from({4, 2}, {1, 1, 1, 1, 1, 1, -1, 1}, f64);
  NonFinite watch;
  const auto run = [&](double shift) {
    const NonFinite::Scope on(watch);
    return evaluate(set, {.rows = 4, .dtype = f64, .shards = 4},
                    [&](Shard& s) { return s.sum(log(s.rows(x) * w + shift)); });
  };
  run(2);
  CHECK_FALSE(watch.first());
  run(0);
  REQUIRE(watch.first());
  CHECK(watch.first()->op == "log");
  CHECK(watch.first()->operands[0].low == -1);
}

TEST_CASE("looking for values that are not finite does not change results") {
  LeafSet set;
  const Leaf w = set.add("w", normal({6, 6}, Key{1}, 0, .4, f32));
  const Array x = normal({12, 5, 6}, Key{2}, 0, 1, f32);
  const auto run = [&] {
    return backward(set, {.rows = 5}, [&](Shard& s) {
      const Sequence in = s.sequence(x);
      Var h = zeros({s.rows(), 6});
      for (const int t : steps(12)) h = tanh(matmul(h, w) + in[t] * 2 - in[t]);
      return s.sum(h * h);
    });
  };
  const Result plain = run();
  NonFinite watch;
  Result watched;
  {
    const NonFinite::Scope on(watch);
    watched = run();
  }
  CHECK_FALSE(watch.first());
  CHECK(plain.loss == watched.loss);
  const Array a = plain.grads.flats()[0], b = watched.grads.flats()[0];
  for (std::int64_t k = 0; k < a.size(); ++k) CHECK(a.at_flat(k) == b.at_flat(k));
}

}  // namespace nonfinite_test
