#include "catch.hpp"

#include <ebb/autograd/shards.hpp>
#include <ebb/autograd/tape.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/random.hpp>

using namespace ebb;
using Catch::Matchers::Contains;

TEST_CASE("a comparison is no condition of the program, and still a Var") {
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

TEST_CASE("a field that a state does not have is refused by number and by name, with the line") {
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
