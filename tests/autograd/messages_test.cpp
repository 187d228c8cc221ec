#include "catch.hpp"

#include <ebb/autograd/edit.hpp>
#include <ebb/autograd/hessian.hpp>
#include <ebb/autograd/jacobian.hpp>
#include <ebb/autograd/jvp.hpp>
#include <ebb/autograd/shards.hpp>
#include <ebb/autograd/tape.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/random.hpp>

namespace messages_test {

using namespace ebb;
using Catch::Matchers::Contains;

TEST_CASE("a comparison is a Var") {
  STATIC_REQUIRE(std::is_convertible_v<decltype(std::declval<Var>() > 0), Var>);
  Tape tape{{.dtype = f64}};
  const Var x = variable(Array::from({3}, {-1, 0, 2}, f64));
  auto m = x > 0;
  m = m * 2;
  CHECK(sum(m).item() == 2);
  CHECK(sum(where(x >= 0, x, -x)).item() == 3);
  CHECK(tape.backward(sum((x < 0) * x))[x].at_flat(0) == 1);
}

TEST_CASE("using a missing parameter is an error, not a crash") {
  LeafSet set(f64);
  set.add("a/W", Array::full({2}, 1, f64));
  const Leaf none = set.find("a/w");
  CHECK_FALSE(none);
  const auto Empty = Contains("an empty parameter was used");
  CHECK_THROWS_WITH(none.name(), Empty);
  CHECK_THROWS_WITH(none.value(), Empty);
  CHECK_THROWS_WITH(none.shape(), Empty);
  CHECK_THROWS_WITH(none.within(0, 1), Empty);
  CHECK_THROWS_WITH(Bind(none, Array::full({2}, 1, f64)), Empty);
  CHECK_THROWS_WITH(Edit(set)[none], Empty);
  CHECK_THROWS_WITH(set[1], Contains("there is no parameter 1 in a set of 1"));
  CHECK_THROWS_WITH(set[-1], Contains("there is no parameter -1"));
  Tape tape{{.dtype = f64}};
  CHECK_THROWS_WITH(var_of(none), Empty && Contains("messages_test.cpp:"));
  const Grads g = tape.backward(sum(var_of(set[0])));
  CHECK_THROWS_WITH(g[none], Empty);
  CHECK(g[set[0]].at({1}) == 1);
}

TEST_CASE("second-order derivatives on a first-order tape are errors that name the remedy") {
  Tape tape;
  const Var x = variable(Array::full({2}, 1, f32));
  const auto f = [](const Var& v) { return sum(v * v); };
  const auto order = Contains("needs a tape of order 2 or more: Tape tape{{.order = 2}}");
  CHECK_THROWS_WITH(hessian(f, x), Contains("hessian: ") && order);
  CHECK_THROWS_WITH(hvp(f(x), {x}, {x}), Contains("hvp: ") && order);
  CHECK_THROWS_WITH(jvp(f, x, x), Contains("jvp: ") && order);
  CHECK_THROWS_WITH(grad(f(x), {x}, {.create_graph = true}), Contains("grad: ") && order);
  CHECK_THROWS_WITH(vjp(f(x), full({}, 1), {x}, {.create_graph = true}), Contains("vjp: ") && order);
  CHECK_THROWS_WITH(jacobian_full([](const Var& v) { return v * v; }, x, {.create_graph = true}),
                    Contains("jacobian_full: ") && order);
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

TEST_CASE("an adjoint that does not fit, or that belongs to no tape, is rejected by vjp") {
  for (const bool recorded : {false, true}) {
    Var old;
    {
      Tape gone{{.dtype = f64}};
      old = variable(Array::from({3}, {1, 2, 3}, f64));
    }
    Tape tape{{.dtype = f64, .order = 2}};
    const Var x = variable(Array::from({3}, {1, 2, 3}, f64)), y = x * x;
    const GradOptions o{.create_graph = recorded};
    CHECK_THROWS_WITH(vjp(y, constant(Array::full({1}, 1, f64)), {x}, o), "vjp: the adjoint is [1], but y is [3]");
    CHECK_THROWS_WITH(vjp(y, constant(Array::full({2, 3}, 1, f64)), {x}, o),
                      "vjp: the adjoint is [2, 3], but y is [3]");
    CHECK_THROWS_AS(vjp(y, Var(), {x}, o), TapeError);
    CHECK_THROWS_AS(vjp(y, old, {x}, o), TapeError);
    CHECK(vjp(y, full({3}, 1), {x}, o)[0].value().at_flat(2) == 6);
  }
}

}  // namespace messages_test
