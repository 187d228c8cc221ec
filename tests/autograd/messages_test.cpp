#include "catch.hpp"

#include <ebb/autograd/shards.hpp>
#include <ebb/autograd/tape.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/random.hpp>

using namespace ebb;
using Catch::Matchers::Contains;

TEST_CASE("a comparison is a Var and cannot be used as a bool") {
  STATIC_REQUIRE_FALSE(std::is_constructible_v<bool, decltype(std::declval<Var>() > 0)>);
  STATIC_REQUIRE(std::is_convertible_v<decltype(std::declval<Var>() > 0), Var>);
  Tape tape{{.dtype = f64}};
  const Var x = variable(Array::from({3}, {-1, 0, 2}, f64));
  auto m = x > 0;
  m = m * 2;
  CHECK(sum(m).item() == 2);
  CHECK(sum(where(x >= 0, x, -x)).item() == 3);
  CHECK(tape.backward(sum((x < 0) * x))[x].at_flat(0) == 1);
}

TEST_CASE("a field that a state does not have is rejected by index and by name, with the line") {
  const char* const names[] = {"h", "c"};
  Tape tape;
  State s(names, 2);
  s[1] = zeros({2});
  CHECK(s["c"].node() == s[1].node());
  CHECK_THROWS_WITH(s[2], Contains("there is no field 2; this cell has h, c (messages_test.cpp:"));
  CHECK_THROWS_WITH(s[-1], Contains("no field -1"));
  CHECK_THROWS_AS(s[2] = zeros({2}), ValueError);
  CHECK_THROWS_WITH(s["cc"], Contains("there is no field cc; this cell has h, c (messages_test.cpp:"));
}

TEST_CASE("requesting the gradient of a constant is an error that does not suggest retain") {
  Tape tape;
  const Var a = constant(Array::full({2}, 1, f32)), x = variable(Array::full({2}, 1, f32)), y = x * a;
  const Grads g = tape.backward(sum(y));
  CHECK_THROWS_WITH(g[a], Contains("gradient of a constant"));
  CHECK_THROWS_WITH(g[y], Contains("call retain(v)"));
}

TEST_CASE("an empty parameter is rejected with the line and the time step that used it") {
  Tape tape;
  const Var x = zeros({2});
  const Leaf never;
  CHECK_THROWS_WITH(x * never, Contains("an empty parameter was used") && Contains("(messages_test.cpp:"));
  const auto stepped = [&] {
    for (int t : steps(3))
      if (t == 2) (void)(x + never);
  };
  CHECK_THROWS_WITH(stepped(), Contains("time step 2"));
}

TEST_CASE("rows of another batch are rejected with the expected rows and axis") {
  const LeafSet w;
  const Array wrong = Array::zeros({8, 1}, f32);
  CHECK_THROWS_WITH(evaluate(w, {.rows = 9}, [&](Shard& s) { return s.sum(s.rows(wrong)); }),
                    Contains("shard: rows is [8, 1], expected 9 rows on axis 0"));
  CHECK_THROWS_WITH(evaluate(w, {.rows = 9}, [&](Shard& s) { return s.sum(s.sequence(wrong).all()); }),
                    Contains("shard: sequence is [8, 1], expected 9 rows on axis 1"));
}
