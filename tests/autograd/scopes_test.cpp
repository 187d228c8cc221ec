#include "catch.hpp"

#include <ebb/autograd/grad.hpp>
#include <ebb/autograd/op.hpp>
#include <ebb/autograd/tape.hpp>
#include <ebb/ops/error.hpp>
#include <memory>

#include "message_of.hpp"

namespace scopes_test {

using namespace ebb;

namespace {

/// An op whose gradient throws.
struct Fails {
  static constexpr auto name = "fails";
  Array value(const Array& x) const { return x.copy(); }
  Var vjp(const Var&, const Var&, const Var&) const { throw ValueError("no gradient"); }
};

Array two(double x) { return Array::full({2}, x, f64); }

}  // namespace

TEST_CASE("after a sweep that threw, the next one is complete") {
  Tape tape{{.dtype = f64, .order = 2}};
  const Var a = variable(two(3)), b = variable(two(5));
  const Var good = sum(a * b), bad = sum(apply(Fails{}, a) * b);
  const bool recorded = GENERATE(true, false);
  CHECK_THROWS_AS(grad(bad, {a}, {.create_graph = recorded}), ValueError);

  SECTION("backward") {
    const Grads g = tape.backward(good, true);
    CHECK(g[a].at({0}) == 5);
    CHECK(g[b].at({0}) == 3);
  }
  SECTION("grad") { CHECK(grad(good, {b}, {.create_graph = true})[0].value().at({1}) == 3); }
  SECTION("a later, longer graph") { CHECK(tape.backward(sum(a * b * b))[b].at({0}) == 30); }
  SECTION("nothing was retained on the way") {
    const Var seen = a * 2;
    CHECK_THROWS_AS(grad(sum(apply(Fails{}, seen)), {seen}, {.create_graph = recorded}), ValueError);
    CHECK_FALSE(tape.backward(sum(seen)).has(seen));
  }
  SECTION("recording continues") { CHECK((a + b).requires_grad()); }
}

TEST_CASE("after a backward that threw, one on another graph is correct") {
  Tape tape{{.dtype = f64}};
  const Var a = variable(two(3)), b = variable(two(5)), kept = a * b;
  CHECK_THROWS_AS(tape.backward(sum(apply(Fails{}, a)), true), ValueError);
  CHECK(tape.backward(sum(kept))[a].at({0}) == 5);
}

TEST_CASE("after a loop over steps the time is restored, however the loop ended") {
  Tape tape;
  const auto message = [] {
    return test::message_of<ShapeError>([] { (void)(constant(Array::zeros({2})) + constant(Array::zeros({3}))); });
  };
  for (int t : steps(5))
    if (t == 3) break;
  CHECK_FALSE(test::contains(message(), "time step"));
  try {
    for (int t : steps(5))
      if (t == 2) throw 1;
  } catch (int) {}
  CHECK_FALSE(test::contains(message(), "time step"));
  for (int t : steps(3)) {
    for (int k : steps(2)) (void)k;
    CHECK(test::contains(message(), "time step " + std::to_string(t)));
  }
}

TEST_CASE("a NoGrad ends on the tape on which it began") {
  Tape outer;
  const Var x = variable(Array::full({1}, 2));
  auto off = std::make_unique<NoGrad>();
  {
    Tape inner;
    NoGrad inside;
    off.reset();
    const Var y = variable(Array::full({1}, 2));
    CHECK_FALSE((y * y).requires_grad());
  }
  CHECK((x * x).requires_grad());
}

TEST_CASE("in a CallSite every op has the line of the outermost one") {
  Tape tape;
  const Var two_of = constant(Array::zeros({2})), three = constant(Array::zeros({3}));
  const std::source_location here = std::source_location::current();
  const auto add = [&] {
    const CallSite site{std::source_location::current()};
    return two_of + three;
  };
  const std::string line = ":" + std::to_string(here.line()) + ")";
  {
    const CallSite site{here};
    CHECK(test::contains(test::message_of<ShapeError>([&] { add(); }), line));
    CHECK(test::contains(test::message_of<ShapeError>([&] { reshape(three, {7}); }), line));
  }
  CHECK_FALSE(test::contains(test::message_of<ShapeError>([&] { add(); }), line));
}

}  // namespace scopes_test
