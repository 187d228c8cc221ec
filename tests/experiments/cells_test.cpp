#include <ebb/nn/cell.hpp>
#include <ebb/nn/gradcheck_cell.hpp>
#include <sstream>

#include "catch.hpp"
#include "run_ebb.hpp"

namespace {

/// A gradient that stops halfway: the checker has to notice.
struct Forgetful {
  ebb::Param W, U;
  Forgetful(ebb::Builder p, ebb::CellSizes s) : W(p.matrix("W", s.input, s.hidden)), U(p.matrix("U", s.hidden, s.hidden)) {}
  ebb::Hidden step(const ebb::Var& x, const ebb::Hidden& s) const {
    return {tanh(matmul(x, W) + .999 * matmul(s.h, U) + .001 * detach(matmul(s.h, U)))};
  }
};
EBB_CELL(forgetful, Forgetful, "a gradient 0.1 % off (made by the tests)");

}  // namespace

TEST_CASE("the minimal gated unit's gradients are right, to second order") {
  const auto report = ebb::gradcheck_cell("mgu", {{.order = 2}});
  std::ostringstream text;
  text << report;
  INFO(text.str());
  CHECK(report.ok());
  CHECK(report.entries.size() >= 16);
}

TEST_CASE("ebb check prints the largest error of each input, where it is, and both values") {
  const Outcome o = ebb_command({"check", "mgu", "--order", "2", "--steps", "4"});
  CHECK(o.code == 0);
  CHECK_THAT(o.out, Catch::Matchers::Contains("mgu: right"));
  for (const char* input : {"Wf", "Uf", "bf", "Wn", "Un", "bn", "analytic", "numeric"})
    CHECK_THAT(o.out, Catch::Matchers::Contains(input));
}

TEST_CASE("ebb check exits with 1 for a gradient 0.1 % off") {
  const Outcome o = ebb_command({"check", "forgetful"});
  CHECK(o.code == 1);
  CHECK_THAT(o.out, Catch::Matchers::Contains("forgetful: WRONG") && Catch::Matchers::Contains("<-- wrong"));
}

TEST_CASE("ebb cells and ebb tasks list what there is") {
  const Outcome cells = ebb_command({"cells"}), tasks = ebb_command({"tasks"});
  CHECK(cells.code == 0);
  for (const char* name : {"rnn", "lstm", "gru", "gru-course", "mgu", "forgetful"})
    CHECK_THAT(cells.out, Catch::Matchers::Contains(name));
  CHECK(tasks.code == 0);
  CHECK_THAT(tasks.out, Catch::Matchers::Contains("adding") && Catch::Matchers::Contains("chars"));
}
