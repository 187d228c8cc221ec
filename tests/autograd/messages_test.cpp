#include "catch.hpp"

#include <ebb/autograd/shards.hpp>
#include <ebb/autograd/tape.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/random.hpp>

using namespace ebb;
using Catch::Matchers::Contains;

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
