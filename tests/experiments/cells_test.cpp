#include <algorithm>
#include <cmath>
#include <ebb/nn/cell.hpp>
#include <ebb/nn/sequence/gradcheck_cell.hpp>
#include <sstream>

#include "catch.hpp"
#include "run_ebb.hpp"

namespace cells_test {

namespace {

/// A gradient that stops halfway: the checker has to notice.
struct Forgetful {
  ebb::Param W, U;
  Forgetful(ebb::Builder p, ebb::CellSizes s)
      : W(p.matrix("W", s.input, s.hidden)), U(p.matrix("U", s.hidden, s.hidden)) {}
  ebb::Hidden step(const ebb::Var& x, const ebb::Hidden& s) const {
    return {tanh(matmul(x, W) + .999 * matmul(s.h, U) + .001 * detach(matmul(s.h, U)))};
  }
};
EBB_CELL(forgetful, Forgetful, "a gradient 0.1 % off (made by the tests)");

struct NeverFits {
  ebb::Param idle;
  NeverFits(ebb::Builder p, ebb::CellSizes s) : idle(p.vector("idle", s.hidden)) {}
  ebb::Hidden step(const ebb::Var& x, const ebb::Hidden&) const { return {matmul(x, x)}; }
};
EBB_CELL_NAMED(never_fits, "never-fits", NeverFits, "shapes that never fit (made by the tests)");

struct Grouped {
  ebb::Param W, U;
  Grouped(ebb::Builder p, ebb::CellSizes s)
      : W(p.matrix("W", s.input, s.hidden)), U(p.matrix("U", s.hidden, s.hidden)) {
    if (s.hidden % p.whole("groups", 6, 1, 100, "blocks")) p.reject("groups", "must divide the hidden size");
  }
  ebb::Hidden step(const ebb::Var& x, const ebb::Hidden& s) const { return {tanh(matmul(x, W) + matmul(s.h, U))}; }
};
EBB_CELL(grouped, Grouped, "widths that its default rejects (made by the tests)");

struct NeverBuilt {
  NeverBuilt(ebb::Builder p, ebb::CellSizes) { p.reject("groups", "never fit"); }
  ebb::Hidden step(const ebb::Var&, const ebb::Hidden& s) const { return s; }
};
EBB_CELL_NAMED(never_built, "never-built", NeverBuilt, "no width that it accepts (made by the tests)");

struct Masked {
  ebb::Param W, idle;
  Masked(ebb::Builder p, ebb::CellSizes s) : W(p.matrix("W", s.input, s.hidden)), idle(p.vector("idle", s.hidden)) {}
  ebb::Hidden step(const ebb::Var& x, const ebb::Hidden& s, const ebb::StepContext& at) const {
    auto h = tanh(matmul(x, W) + s.h);
    return {at.training() ? where(at.bernoulli("mask", h, .5), s.h, h) : .5 * s.h + .5 * h};
  }
};
EBB_CELL(masked, Masked, "a mask in training, and a parameter without use (made by the tests)");

}  // namespace

TEST_CASE("the minimal gated unit's gradients are correct to second order") {
  const auto report = ebb::gradcheck_cell("mgu", {{.order = 2}});
  std::ostringstream text;
  text << report;
  INFO(text.str());
  CHECK(report.ok());
  CHECK(report.entries.size() >= 16);
}

TEST_CASE("ebb check prints each input's largest error, its position and both values") {
  const Outcome o = ebb_command({"check", "mgu", "--order", "2", "--steps", "4"});
  CHECK(o.code == 0);
  CHECK_THAT(o.out, Catch::Matchers::Contains("mgu: right"));
  for (const char* input : {"Wf", "Uf", "bf", "Wn", "Un", "bn", "analytic", "numeric"})
    CHECK_THAT(o.out, Catch::Matchers::Contains(input));
}

TEST_CASE("ebb check prints the relative error, which decides, with its tolerance, beside the absolute one") {
  const Outcome right = ebb_command({"check", "mgu"}), strict = ebb_command({"check", "mgu", "--tolerance", "1e-4"});
  CHECK_THAT(right.out, Catch::Matchers::Contains("relative error at most 1e-06\n"));
  CHECK_THAT(strict.out, Catch::Matchers::Contains("relative error at most 0.0001\n"));
  std::istringstream lines(ebb_command({"check", "forgetful"}).out);
  int wrong = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.find("<-- wrong") == std::string::npos) continue;
    ++wrong;
    INFO(line);
    std::istringstream words(line);
    std::string input, order, bracket;
    double relative = 0, absolute = 0, analytic = 0, numeric = 0;
    words >> input >> order >> relative >> absolute;
    while (words >> bracket && bracket.back() != ']') {}
    words >> analytic >> numeric;
    REQUIRE(numeric != 0);
    CHECK(relative == Approx(absolute / std::max(std::abs(analytic), std::abs(numeric))).epsilon(.1));
    CHECK(relative > 1e-6);
  }
  CHECK(wrong > 0);
}

TEST_CASE("ebb check exits with 1 for a gradient 0.1 % off") {
  const Outcome o = ebb_command({"check", "forgetful"});
  CHECK(o.code == 1);
  CHECK_THAT(o.out, Catch::Matchers::Contains("forgetful: WRONG") && Catch::Matchers::Contains("<-- wrong"));
}

TEST_CASE("ebb check exits with 2 if any cell throws") {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"check", "never-fits"}, {"check", "never-fits", "forgetful"}}) {
    const Outcome o = ebb_command(words);
    CHECK(o.code == 2);
    CHECK_THAT(o.out, Catch::Matchers::Contains("never-fits: WRONG") &&
                          Catch::Matchers::Contains("failed: matmul: inner sizes differ"));
  }
}

TEST_CASE("ebb check reports the mode it checked and parameters without influence") {
  const Outcome masked = ebb_command({"check", "masked"}), plain = ebb_command({"check", "mgu"});
  CHECK(masked.code == 0);
  CHECK_THAT(masked.out, Catch::Matchers::Contains("  in evaluation; relative error") &&
                             Catch::Matchers::Contains("  in training; relative error") &&
                             Catch::Matchers::Contains("has no influence"));
  CHECK_THAT(plain.out, Catch::Matchers::Contains("in training and evaluation, which are identical") &&
                            !Catch::Matchers::Contains("no influence"));
}

TEST_CASE("ebb cells lists the options of each cell, or of the named one") {
  const Outcome all = ebb_command({"cells"}), one = ebb_command({"cells", "lstm"});
  CHECK_THAT(all.out, Catch::Matchers::Contains("forget_bias=1") &&
                          Catch::Matchers::Contains("activation=tanh|relu|sigmoid|linear"));
  CHECK_THAT(one.out, Catch::Matchers::Contains("forget_bias=1") && !Catch::Matchers::Contains("activation="));
  const Outcome none = ebb_command({"cells", "lstn"});
  CHECK(none.code == 2);
  CHECK_THAT(none.err, Catch::Matchers::Contains("did you mean 'lstm'?"));
}

TEST_CASE(
    "A cell that rejects the default widths is listed and checked at others, and one that rejects all does not hide "
    "the rest") {
  const Outcome list = ebb_command({"cells"}), check = ebb_command({"check", "grouped"});
  CHECK(list.code == 0);
  CHECK_THAT(list.out, Catch::Matchers::Contains("groups=6  blocks") &&
                           Catch::Matchers::Contains("options unknown: never-built: option groups: never fit") &&
                           Catch::Matchers::Contains("activation=tanh|relu|sigmoid|linear"));
  CHECK(check.code == 0);
  CHECK_THAT(check.out, Catch::Matchers::Contains("grouped: right (at input 3, hidden 12)"));
  const Outcome asked = ebb_command({"check", "grouped", "--hidden", "5"});
  CHECK(asked.code == 2);
  CHECK_THAT(asked.err, Catch::Matchers::Contains("grouped: option groups: must divide the hidden size"));
}

TEST_CASE("ebb cells and ebb tasks list all cells and tasks") {
  const Outcome cells = ebb_command({"cells"}), tasks = ebb_command({"tasks"});
  CHECK(cells.code == 0);
  for (const char* name : {"rnn", "lstm", "gru", "gru-course", "mgu", "forgetful"})
    CHECK_THAT(cells.out, Catch::Matchers::Contains(name));
  CHECK(tasks.code == 0);
  CHECK_THAT(tasks.out, Catch::Matchers::Contains("adding") && Catch::Matchers::Contains("chars"));
}

}  // namespace cells_test
