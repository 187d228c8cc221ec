#include "catch.hpp"

#include <ebb/autograd/sequence.hpp>
#include <ebb/autograd/state.hpp>
#include <ebb/autograd/tape.hpp>
#include <ebb/ops/error.hpp>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "message_of.hpp"

namespace threads_test {

using namespace ebb;

namespace {

/// The error of f when it runs on another thread; empty if it throws nothing.
std::string elsewhere(const std::function<void()>& f) {
  std::string said;
  std::thread([&] {
    try {
      f();
    } catch (const TapeError& e) { said = e.what(); }
  }).join();
  return said;
}

Array two(double x) { return Array::full({2}, x, f64); }

}  // namespace

TEST_CASE("copying a Var on another thread is an error, and the value is unchanged") {
  Tape tape{{.dtype = f64}};
  Var x = variable(two(3));
  Var y = x + 4;
  CHECK(test::contains(elsewhere([&] { const Var copy = y; }), "another thread"));
  for (int k = 0; k < 50; ++k)
    const Var other = constant(two(100));  // would reuse the memory of a value that was freed too early
  const Var z = y * 2;
  CHECK(z.value().at({0}) == 14);
  CHECK(tape.backward(sum(z))[x].at({0}) == 2);
}

TEST_CASE("containers of Vars cannot be copied on another thread either") {
  Tape tape{{.dtype = f64}};
  static const char* const names[] = {"h"};
  State s(names, 1);
  s[0] = constant(two(3));
  const Sequence all(constant(Array::full({2, 1, 3}, 1, f64)));
  const std::vector<Var> many{s[0], s[0]};
  const auto captured = [v = s[0]] { return v.node(); };
  CHECK(test::contains(elsewhere([&] { const State copy = s; }), "another thread"));
  CHECK(test::contains(elsewhere([&] { const Sequence copy = all; }), "another thread"));
  CHECK(test::contains(elsewhere([&] { const std::vector<Var> copy = many; }), "another thread"));
  CHECK(test::contains(elsewhere([&] { const auto copy = captured; }), "another thread"));
  CHECK(test::contains(elsewhere([&] {
                         Var v;
                         v = s[0];
                       }),
                       "another thread"));
  CHECK(s[0].value().at({1}) == 3);
}

TEST_CASE("another thread's ops, reads and sweeps of a Var are errors") {
  Tape tape{{.dtype = f64}};
  Var x = variable(two(3));
  const Var loss = sum(x * x);
  CHECK(test::contains(elsewhere([&] { x.value(); }), "another thread"));
  CHECK(test::contains(elsewhere([&] { tape.backward(loss); }), "another thread"));
  CHECK(test::contains(elsewhere([&] {
                         Tape mine;
                         (void)(std::move(x) + 1);
                       }),
                       "another thread"));
  CHECK(loss.item() == 18);
}

TEST_CASE("a Var of a destroyed tape may be copied anywhere") {
  Var x;
  {
    Tape tape;
    x = constant(two(1));
  }
  const Var here = x;
  CHECK(elsewhere([&] { const Var there = x; }).empty());
  CHECK_THROWS_AS(here.value(), TapeError);
}

TEST_CASE("a tape destroyed on another thread is closed for its own thread, which continues with others") {
  auto outer = std::make_unique<Tape>(TapeOptions{.dtype = f64});
  Var x = variable(two(3));
  auto inner = std::make_unique<Tape>(TapeOptions{.dtype = f64});
  Var y = variable(two(5));

  SECTION("the inner one") {
    CHECK(elsewhere([&] { inner.reset(); }).empty());
    CHECK_THROWS_AS(y.value(), TapeError);
    CHECK(outer->backward(sum(x * x))[x].at({0}) == 6);  // the innermost again
  }
  SECTION("the outer one") {
    CHECK(elsewhere([&] { outer.reset(); }).empty());
    CHECK_THROWS_AS(x.value(), TapeError);
    CHECK(inner->backward(sum(y * y))[y].at({0}) == 10);
  }
  SECTION("both") {
    CHECK(elsewhere([&] {
            outer.reset();
            inner.reset();
          }).empty());
    CHECK(test::contains(test::message_of<TapeError>([] { constant(two(1)); }), "needs a tape"));
    Tape next{{.dtype = f64}};
    const Var z = variable(two(2));
    CHECK_THROWS_AS(x + z, TapeError);
    CHECK(next.backward(sum(z * z))[z].at({0}) == 4);
  }
}

TEST_CASE("a tape whose thread has ended can be destroyed on another thread") {
  std::unique_ptr<Tape> tape;
  Var x;
  std::thread([&] {
    tape = std::make_unique<Tape>();
    x = constant(Array::full({1000}, 1, f32));
  }).join();
  CHECK_THROWS_AS(x.value(), TapeError);
  tape.reset();
  const Var copy = x;
  CHECK_THROWS_AS(copy.value(), TapeError);
}

TEST_CASE("tapes can be destroyed on another thread while their own is working") {
  std::vector<std::unique_ptr<Tape>> old;
  for (int k = 0; k < 200; ++k) {
    old.push_back(std::make_unique<Tape>(TapeOptions{.dtype = f64}));
    variable(two(k));
  }
  std::thread other([&] {
    for (auto& t : old) t.reset();
  });
  for (int k = 0; k < 200; ++k) {
    Tape tape{{.dtype = f64}};
    const Var x = variable(two(k));
    REQUIRE(tape.backward(sum(x * x))[x].at({0}) == 2 * k);
  }
  other.join();
}

}  // namespace threads_test
