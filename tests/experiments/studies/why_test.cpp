#include <cmath>
#include <ebb/experiments/studies/why.hpp>
#include <ebb/experiments/train/task.hpp>

#include "catch.hpp"
#include "run_ebb.hpp"

namespace why_test {

using namespace ebb;
using namespace ebb::app;
using namespace ebb::app::study;
using Catch::Matchers::Contains;

namespace {

/// A LSTM whose forget gate is nearly closed.
Evidence forgetful() {
  return {.name = "bad",
          .cell = "lstm:forget_bias=-3",
          .length = 100,
          .decay = {-3, .1},
          .exponent = {-2.9, .05},
          .gates = {{.name = "f", .field = "c", .median = .33, .longest = .35, .alone = -2.9, .near_zero = .97}}};
}

}  // namespace

TEST_CASE("a gradient that a closed gate explains is blamed on the gate, with the options that open it") {
  const auto sentences = why(forgetful());
  REQUIRE(sentences.size() == 3);
  CHECK_THAT(sentences[0],
             Contains("bad: the gradient falls by 3.000 ± 0.1000 nats per step and halves every 0.2310 steps") &&
                 Contains("over the 100 steps of a training sequence it shrinks to 10⁻¹³⁰·³"));
  CHECK_THAT(sentences[1], Contains("-2.900 ± 0.0500, agrees"));
  CHECK_THAT(sentences[2], Contains("gate f, which multiplies c, keeps it for 0.3300 steps") &&
                               Contains("explains the decay: the gate forgets") && Contains("below .1 in 97 %") &&
                               Contains("a larger forget_bias than -3, or chrono=100"));
}

TEST_CASE("a gate that keeps the state longer than the gradient lasts is not blamed, and no remedy is named") {
  Evidence e = forgetful();
  e.gates[0].alone = -.01;
  const std::string text = why_text(e);
  CHECK_THAT(text, Contains("the gate does not explain the rate of the gradient"));
  CHECK_THAT(text, !Contains("Remedy") && !Contains("forgets"));
  e.gates[0].alone = -9;  // the gradient reaches further than the gate
  CHECK_THAT(why_text(e), Contains("the gate forgets, and most of the gradient comes back by another path") &&
                              !Contains("explains"));
}

TEST_CASE("rates that are not finite agree with none, and no gate is blamed for a gradient that grows") {
  Evidence e = forgetful();
  e.gates[0].alone = -INFINITY;
  CHECK_THAT(why_text(e), !Contains("explains the decay"));
  e.decay = {.05, .001};
  e.gates[0].alone = -.01;
  CHECK_THAT(why_text(e), Contains("the gate does not explain the rate of the gradient") && !Contains("forgets"));
}

TEST_CASE("a gate that explains the exponent, but not the gradient, is said to") {
  Evidence e = forgetful();
  e.gates[0].alone = e.exponent.value = e.decay.value / 2;
  e.exponent.error = .001;
  CHECK_THAT(why_text(e), Contains("the gate explains the exponent, but not the rate of the gradient"));
}

TEST_CASE("no gate explains a gradient that grows, however few the steps") {
  Evidence e = forgetful();
  e.length = 20;
  e.decay = {.0158, .001};
  e.gates[0].alone = -.0137;
  CHECK_THAT(why_text(e), Contains("does not explain") && !Contains("which explains"));
}

TEST_CASE("a gate that stays open has a rate of zero, not one of rounding") {
  Evidence e = forgetful();
  e.gates[0].alone = 1.3e-17;
  CHECK_THAT(why_text(e), Contains("would change by 0 nats per step"));
}

TEST_CASE("the slowest of several gates is the one that may explain a decay") {
  Evidence e = forgetful();
  e.gates.push_back({.name = "g", .field = "m", .median = 300, .longest = 900, .alone = -.001});
  CHECK_THAT(why_text(e),
             Contains("Of its gates (f multiplies c, g multiplies m), g keeps its field longest: for 300"));
  e.gates[1].seeds = 1;
  e.gates[1].of_seeds = 2;
  CHECK_THAT(why_text(e), Contains("g keeps its field longest, in 1 of 2 seeds, for 300"));
}

TEST_CASE("a gate whose complement multiplies the state is named so") {
  Evidence e = forgetful();
  e.cell = "mingru";  // has no option for it
  e.gates[0].name = "z";
  e.gates[0].field = "h";
  e.gates[0].complement = true;
  e.gates[0].near_one = .8;
  CHECK_THAT(why_text(e), Contains("gate 1 - z, which multiplies h") && Contains("z is above .9 in 80 %") &&
                              Contains("initial biases that keep z near 0"));
  e.cell = "no such cell";
  CHECK_THAT(why_text(e), Contains("initial biases that keep z near 0"));
}

TEST_CASE("options that the cell was given are not recommended again") {
  Evidence e = forgetful();
  e.cell = "lstm:chrono=50";
  CHECK_THAT(why_text(e),
             Contains("Remedy: lstm with chrono=100") && !Contains("forget_bias"));  // chrono sets the bias
  e.cell = "lstm:chrono=100";
  CHECK_THAT(why_text(e), Contains("initial biases that keep f near 1") && !Contains("with chrono"));
}

TEST_CASE("verdicts on the gradient follow the stated thresholds") {
  Evidence e{.name = "x", .cell = "rnn", .length = 100};
  const auto first = [&](double rate, double error) {
    e.decay = {rate, error};
    return why(e).at(0);
  };
  CHECK_THAT(first(-.05, .001), Contains("vanish") || Contains("shrinks to 10⁻²·²"));
  CHECK_THAT(first(-.04, .001), Contains("neither vanishes nor explodes"));  // 1.7 decades
  CHECK_THAT(first(-.05, .03), Contains("within its error, this may be no change") && !Contains("neither"));
  CHECK_THAT(first(.05, .001), Contains("explodes to 10²·²"));
  CHECK_THAT(first(-INFINITY, NAN), Contains("no gradient comes back"));
  CHECK_THAT(first(-.05, NAN), Contains("0.0500 nats"));
  e.decay = {Evidence::unmeasured, Evidence::unmeasured};
  CHECK(why(e).empty());
  CHECK_THAT(why_rules(), Contains("2 decades") && Contains("25 %"));
}

TEST_CASE("an exponent is compared with the decay of the gradient") {
  Evidence e{.name = "x", .cell = "gru", .length = 100, .decay = {-.2, .001}};
  const auto second = [&](double value, double error) {
    e.exponent = {value, error};
    return why(e).at(1);
  };
  CHECK_THAT(second(-.18, .001), Contains("agrees"));
  CHECK_THAT(second(-.1, .06), Contains("agrees"));  // within two standard errors
  CHECK_THAT(second(-.1, .001), Contains("-0.1000 ± 0.0010, is higher") && Contains("should fall over longer lags"));
  CHECK_THAT(second(-.4, .001), Contains("is lower"));
  CHECK_THAT(second(.1, .001), Contains("above zero") && Contains("over long lags so does the gradient"));
  CHECK_THAT(second(-INFINITY, 0), Contains("No difference of the state survives"));
}

TEST_CASE("a plain network is judged by its recurrent matrix") {
  Evidence e{.name = "x", .cell = "rnn", .length = 100, .decay = {-.6, .01}};
  e.matrix = {.sigma_max = .58, .bound = 1, .radius = .5};
  CHECK_THAT(why_text(e), Contains("0.5800, below the bound of Pascanu et al., 1.000: the gradient must vanish, by at "
                                   "least 0.5447 nats per step") &&
                              Contains("recurrent=orthogonal"));
  e.matrix->seeds = e.matrix->seeds_below = 3;
  CHECK_THAT(why_text(e), Contains("0.5800 in the mean of 3 seeds, below the bound"));
  e.matrix->seeds_below = 2;
  CHECK_THAT(why_text(e),
             Contains("in the mean of 3 seeds, in 2 of them below the bound of Pascanu et al., 1.000: there "
                      "the gradient must vanish; in the others"));
  e.matrix = {.sigma_max = 1.1, .bound = 1, .radius = .57};  // relu
  CHECK_THAT(why_text(e), Contains("leaves open") && Contains("the slope of the activation is not known") &&
                              !Contains("explains") && !Contains("Remedy"));
  e.matrix->log_slope = 0;
  CHECK_THAT(why_text(e), Contains("that makes -0.5621 nats per step, which explains the decay: U is too small"));
  e.matrix->radius = 1.9;
  e.matrix->log_slope = -1.25;
  CHECK_THAT(why_text(e),
             Contains("slope of the activation is 0.2865 in the geometric mean: that makes -0.6081 nats") &&
                 Contains("the slope of the activation is too small") && !Contains("Remedy"));
  e.matrix = {.sigma_max = 1.1, .bound = 1, .radius = 1, .log_slope = 0};
  CHECK_THAT(why_text(e), Contains("does not explain the decay") && !Contains("Remedy"));
  e.matrix.reset();
  CHECK_THAT(why_text(e), !Contains("no gate is known"));  // gates were not looked for
  e.gates_known = true;
  CHECK_THAT(why_text(e), Contains("so no gate is known to explain the decay"));
  e.gates_known = false;
  e.missing = "gates (a reason)";
  CHECK_THAT(why_text(e), Contains("Not measured: gates (a reason)") && !Contains("no gate is known"));
}

TEST_CASE("evidence of several runs is averaged: time scales by their rates, errors over runs") {
  Evidence a = forgetful(), b = forgetful();
  b.exponent = {-3.1, .05};
  b.decay = {-2, .1};
  b.gates[0].median = .99;
  const LagNorms norms{{0, 0}, {-1, -2}, {-2, -4}, {-3, -6}};
  a.first = b.first = 0;
  a.last = b.last = 3;
  const Evidence m = mean_evidence({&a, &b}, norms);
  CHECK(m.exponent.value == Approx(-3));
  CHECK(std::isnan(m.exponent.error));  // of two runs
  CHECK(m.gates.at(0).median == Approx(.495));
  CHECK(m.decay.value == Approx(-1.5));
  CHECK(std::isnan(m.decay.error));
  Evidence c = a;
  c.exponent.value = -3.3;
  const Evidence of_three = mean_evidence({&a, &b, &c}, {{0, 0, 0}, {-1, -2, -3}, {-2, -4, -6}, {-3, -6, -9}});
  CHECK(of_three.exponent.error == Approx(std::sqrt((.04 + 0 + .04) / 2 / 3)));  // -2.9, -3.1, -3.3
  CHECK(of_three.decay.error == Approx(1. / 3));                                 // -3, -2, -3
}

TEST_CASE("a gradient that is zero is called so, and not one that could not be measured") {
  const LagNorms zero{{0, 0, 0}, {-INFINITY, -INFINITY, -INFINITY}, {-INFINITY, -INFINITY, -INFINITY}};
  Evidence e = forgetful();
  e.decay = decay_estimate(zero, 1, 2);
  CHECK(e.decay.value == -INFINITY);
  e.exponent = {-INFINITY, 0};
  CHECK_THAT(why_text(e), Contains("no gradient comes back: it is zero, or below 10⁻³⁰⁰") &&
                              Contains("the top Lyapunov exponent is -∞"));
  const Evidence mean = mean_evidence({&e, &e, &e}, zero);
  CHECK(std::isnan(mean.decay.value));  // lags 10 to 100 were not measured
  CHECK(std::isnan(decay_estimate({{NAN}, {NAN}, {NAN}}, 1, 2).value));
  CHECK(std::isfinite(decay_estimate({{0.}, {-1.}, {-2.}, {-INFINITY}}, 0, 3).value));  // what is left has a rate
}

TEST_CASE("a gate that only some seeds have is named, with their number, and one of several by most seeds") {
  Evidence a = forgetful(), b = forgetful(), c = forgetful();
  a.first = b.first = c.first = 0;
  a.last = b.last = c.last = 3;
  const LagNorms norms{{0, 0, 0}, {-3, -3, -3}, {-6, -6, -6}, {-9, -9, -9}};
  b.gates[0].median = .99;
  c.gates.clear();
  const Evidence some = mean_evidence({&c, &a, &b}, norms);
  REQUIRE(some.gates.size() == 1);
  CHECK(some.gates[0].median == Approx(.495));  // over the seeds that have it
  CHECK_THAT(why_text(some), Contains("Its gate f, which multiplies c, keeps it, in 2 of 3 seeds, for 0.4950 steps") &&
                                 Contains("explains the decay: the gate forgets") && Contains("larger forget_bias"));
  CHECK(some.missing.empty());
  // 1 - i is like f, and the nearer one of two seeds
  for (Evidence* e : {&a, &b, &c}) {
    e->gates = {{.name = "f", .field = "h", .misfit = .1, .alone = -2.9},
                {.name = "i", .field = "h", .misfit = .05, .complement = true, .alone = -2.9}};
  }
  c.gates.pop_back();
  const Evidence alike = mean_evidence({&a, &b, &c}, norms);
  REQUIRE(alike.gates.size() == 1);
  CHECK(alike.gates[0].name == "f");
  CHECK(alike.gates[0].seeds == 3);
  c.gates = a.gates;
  CHECK(mean_evidence({&a, &b, &c}, norms).gates.at(0).name == "i");
}

TEST_CASE("what a gradient does is said by one rule, and a rate within its error does nothing") {
  CHECK(trend_of({NAN, NAN}, 100) == Trend::unknown);
  CHECK(trend_of({-INFINITY, NAN}, 100) == Trend::gone);
  CHECK(trend_of({.001, .002}, 100) == Trend::steady);
  CHECK(trend_of({.001, NAN}, 100) == Trend::steady);
  CHECK(trend_of({.001, .0001}, 100) == Trend::grows);
  CHECK(trend_of({-.001, .0001}, 100) == Trend::falls);
  CHECK(trend_of({-1e-15, 1e-17}, 100) == Trend::steady);  // rounding
  CHECK_THAT(gradient_text({-1e-15, 1e-17}, 100), Contains("does not change with the lag"));
  CHECK(trend_of({.02, .015}, 100) == Trend::unclear);
  CHECK(trend_of({.02, .001}, 100) == Trend::grows);
  CHECK(trend_of({-.02, NAN}, 100) == Trend::falls);
  CHECK(trend_of({-.05, .001}, 100) == Trend::vanishes);
  CHECK(trend_of({.05, .001}, 100) == Trend::explodes);
  CHECK_THAT(gradient_text({.001, .002}, 100), Contains("0.0010 ± 0.0020 nats per step, by a factor of 1.105") &&
                                                   Contains("within its error, it neither grows nor falls."));
  CHECK_THAT(gradient_text({.001, .0001}, 100),
             Contains("grows by 0.0010") && Contains("neither vanishes nor explodes"));
  CHECK_THAT(gradient_text({.001, NAN}, 100), Contains("it neither grows nor falls by as much as a factor of two"));
  CHECK_THAT(gradient_text({-.02, .001}, 100),
             Contains("falls by 0.0200 ± 0.0010 nats per step and halves every 34.66") &&
                 Contains("it neither vanishes nor explodes"));
  CHECK_THAT(gradient_text({.02, .001}, 100), Contains("grows by") && Contains("neither vanishes nor explodes"));
  for (double rate = -.06; rate < .06; rate += .0007)
    for (const double error : {.0001, .01, Evidence::unmeasured})
      CHECK_THAT(gradient_text({rate, error}, 100), !Contains("10⁰"));
}

TEST_CASE("the decay of several runs has the error over runs, that of one run the error over its rows") {
  const LagNorms a{{0, 0, 0}, {-1, -2, -3}, {-2, -4, -6}}, b{{0, 0, 0}, {-2, -3, -4}, {-4, -6, -8}};
  CHECK(pooled_decay({&a}, 0, 2).value == Approx(-2));
  CHECK(pooled_decay({&a}, 0, 2).error == Approx(1 / std::sqrt(3.)));
  CHECK(std::isnan(pooled_decay({&a, &b}, 0, 2).error));
  CHECK(pooled_decay({&a, &b, &a}, 0, 2).error == Approx(1. / 3));  // -2, -3, -2
}

TEST_CASE("gates of several fields are listed, and those of heads are not mixed") {
  Evidence e = forgetful();
  e.gates = {{.name = "head1/f", .field = "c", .alone = -2.9},
             {.name = "head1/f", .field = "n", .alone = -2.9},
             {.name = "head2/f", .field = "c", .from = 8, .median = 5, .alone = -2.8},
             {.name = "head2/f", .field = "n", .from = 8, .median = 5, .alone = -2.8}};
  CHECK(nearest_gates(e.gates).size() == 4);
  CHECK_THAT(why_text(e), Contains("Of its gates (head1/f multiplies c and n, head2/f multiplies c and n), head2/f "
                                   "keeps its field longest: for 5.000 steps"));
  e.gates.resize(2);
  CHECK_THAT(why_text(e), Contains("Its gate head1/f, which multiplies c and n, keeps it for"));
}

TEST_CASE("the cause is measured: an LSTM with a forget bias of -3, and a plain network") {
  const auto task = make_task("adding");
  const TaskSettings s{.hidden = 16, .length = 60, .batch = 4, .steps = 1};
  const auto measured = [&](const std::string& cell) {
    const Model model{*task, cell, s, 1};
    const ProfileRows rows(model, *task, {.lags = 60, .rows = 4});
    return evidence_of(model, rows, cell, s.length, whole_state(gradient_norms(model, rows)), 61, 4);
  };
  const Evidence lstm = measured("lstm:forget_bias=-3");
  REQUIRE(lstm.gates.size() == 1);
  CHECK(lstm.gates[0].name == "f");
  CHECK(lstm.gates[0].median < .5);
  CHECK(lstm.gates[0].near_zero > .9);
  CHECK(lstm.exponent.value < -1);
  CHECK(std::isfinite(lstm.decay.error));
  CHECK_FALSE(lstm.matrix);
  CHECK_THAT(why_text(lstm), Contains("gate f, which multiplies c") && Contains("larger forget_bias than -3"));
  const Evidence rnn = measured("rnn");
  REQUIRE(rnn.matrix);
  CHECK(rnn.matrix->radius <= rnn.matrix->sigma_max);
  CHECK(rnn.gates.empty());
  CHECK(measured("rnn:recurrent=orthogonal").matrix->sigma_max == Approx(1).margin(1e-5));
  CHECK(measured("rnn:activation=sigmoid").matrix->bound == 4);
}

TEST_CASE("ebb vanish and ebb observe say why") {
  TempFolder folder;
  const Outcome o = ebb_command({"vanish", "--quick", "--cells", "rnn,lstm:forget_bias=-3", "--tasks", "adding",
                                 "--seeds", "2", "--steps", "2", "--out", folder / "vanish"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  const auto cells = summary_of(folder / "vanish")["tasks"]["adding"]["cells"];
  for (const char* when : {"init", "trained"}) {
    CHECK_THAT(cells["lstm:forget_bias=-3"][when]["why"].get<std::string>(),
               Contains("the gradient falls by") && Contains("gate f, which multiplies c"));
    CHECK_THAT(cells["rnn"][when]["why"].get<std::string>(), Contains("largest singular value of U"));
  }
  CHECK_THAT(read_all(folder / "vanish/report.html"),
             Contains("Why: adding") && Contains("How these sentences are made"));
  const Outcome p = ebb_command({"observe", "--quick", "--cell", "lstm:forget_bias=-3", "--seeds", "1", "--measure",
                                 "norms,lyapunov,gates", "--out", folder / "observe"});
  REQUIRE(p.code == 0);
  CHECK_THAT(summary_of(folder / "observe")["subjects"]["lstm:forget_bias=-3"]["why"].get<std::string>(),
             Contains("larger forget_bias than -3"));
}

TEST_CASE("a vanish run too short for exponents says so, and still reports the gradient") {
  TempFolder folder;
  const Outcome o = ebb_command({"vanish", "--quick", "--cells", "gru", "--tasks", "adding", "--seeds", "1", "--steps",
                                 "0", "--lags", "12", "--out", folder / "out"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  CHECK_THAT(summary_of(folder / "out")["tasks"]["adding"]["cells"]["gru"]["init"]["why"].get<std::string>(),
             Contains("13 steps are too few") && Contains("nats per step"));
}

}  // namespace why_test
