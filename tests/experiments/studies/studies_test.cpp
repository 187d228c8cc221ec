#include <csignal>
#include <ebb/autograd/shards.hpp>
#include <ebb/autograd/tape_impl.hpp>
#include <ebb/experiments/studies/forcing/forcing.hpp>
#include <ebb/experiments/studies/study.hpp>
#include <ebb/experiments/studies/tbptt/tbptt.hpp>
#include <ebb/experiments/train/network.hpp>
#include <ebb/experiments/train/train.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/ops/error.hpp>

#include "catch.hpp"
#include "csv_rows.hpp"
#include "run_ebb.hpp"

namespace studies_test {

using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

/// What the command writes, run as a toy.
json quick(const TempFolder& folder, const std::string& name, const std::string& command,
           std::vector<std::string> more = {}, int code = 0) {
  std::vector<std::string> words{command, "--quick", "--out", folder / name};
  words.insert(words.end(), more.begin(), more.end());
  const Outcome o = ebb_command(words);
  INFO(o.err);
  REQUIRE(o.code == code);
  std::istringstream lines(o.out);
  for (std::string line; std::getline(lines, line);) {
    INFO(line);
    CHECK(std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; }) <= 80);
  }
  const std::string html = read_all(folder / (name + "/report.html"));
  CHECK_THAT(html, Contains("QUICK") && Contains("<table") && Contains("class=plot") && !Contains(">nan"));
  return summary_of(folder / name);
}

void same_for_any_threads(const std::string& command, const std::string& series, std::vector<std::string> more) {
  TempFolder folder;
  std::vector<std::string> numbers;
  for (const char* threads : {"1", "2", "3"}) {
    std::vector<std::string> words = more;
    words.insert(words.end(), {"--threads", threads});
    quick(folder, threads, command, words);
    numbers.push_back(read_all(folder / (std::string(threads) + "/" + series)));
  }
  CHECK(numbers[0].size() > 100);
  CHECK(numbers[0] == numbers[1]);
  CHECK(numbers[0] == numbers[2]);
}

/// Shows the masks that it is given: the field h is its input as it came, m is what it sees of a state of ones.
struct MaskMirror {
  struct State {
    ebb::Var h, m;
  };
  ebb::Param nothing;  // without one there would be no gradient to train by
  MaskMirror(ebb::Builder p, ebb::CellSizes s) : nothing(p.vector("nothing", s.input, ebb::zero_init)) {
    p.state("h", &State::h, {s.input});
    p.state("m", &State::m, {s.input});
  }
  State step(const ebb::Var& x, const State& s) const { return {x + nothing, 0 * s.h + 1}; }
  State step(const ebb::Var& x, const State& s, const ebb::StateDrop& d) const {
    return {x + nothing, d.state(0 * s.h + 1)};
  }
};
EBB_CELL_NAMED(mask_mirror, "mask-mirror", MaskMirror, "shows its masks (made by the tests)");

/// As a user who presses Ctrl-C at its hundredth step of training. A trial before a study's work has no gradients.
struct Impatient {
  static inline long steps = 0;
  ebb::Param U;
  Impatient(ebb::Builder p, ebb::CellSizes s) : U(p.matrix("U", s.input, s.hidden)) {}
  ebb::Hidden step(const ebb::Var& x, const ebb::Hidden& s) const {
    if (ebb::detail::TapeImpl::current().recording() && ++steps == 100) std::raise(SIGINT);
    return {tanh(matmul(x, U) + s.h)};
  }
};
EBB_CELL(impatient, Impatient, "presses Ctrl-C (made by the tests)");

std::vector<std::string> masks_of(ebb::app::DropoutKind kind, const char* field) {
  ebb::Params w{{.seed = 1}};
  ebb::app::TaskSettings s{.hidden = 64, .dropout = .5, .dropout_kind = kind};
  const ebb::CellPtr cell = ebb::app::Recurrence{"mask-mirror", s}.make(w / "cell", 64);
  std::vector<std::string> masks;
  ebb::backward(w, {.rows = 2, .seed = 3}, [&](ebb::Shard& shard) {
    const ebb::Run run = unroll(*cell, ebb::Sequence(ebb::full({4, 2, 64}, 1)), shard.context());
    for (const ebb::Var& v : run.states(field)) {
      std::string mask;
      for (std::int64_t k = 0; k < v.value().size(); ++k)
        mask += v.value().at_flat(k) == 0 ? '0' : v.value().at_flat(k) == 2 ? '2' : '1';
      masks.push_back(mask);
    }
    return shard.sum(run.last());
  });
  return masks;
}

}  // namespace

TEST_CASE("ebb clip: every run diverges without clipping and learns with it, and clipping preserves the direction",
          "[slow]") {
  TempFolder folder;
  const json s = quick(folder, "out", "clip");  // exits with 0: divergence without clipping is the result
  CHECK_THAT(read_all(folder / "out/report.html"), Contains("diverged at "));
  const json& rules = s["clipping"];
  CHECK(rules["no clipping"]["diverged"] == 2);
  CHECK(rules["no clipping"]["learnt"] == 0);
  for (const char* rule : {"norm 1", "norm 10"}) {
    INFO(rule);
    CHECK(rules[rule]["diverged"] == 0);
    CHECK(rules[rule]["learnt"] == 2);
    CHECK(rules[rule]["loss"] < .9 * s["baseline_loss"].get<double>());
    CHECK(rules[rule]["clipped_updates"] > 0.0);
    CHECK(rules[rule]["largest_norm"] > rules[rule]["bound"]);
    CHECK(rules[rule]["least_cosine"].get<double>() == Approx(1).margin(1e-6));
  }
  CHECK(rules["value 0.01"]["least_cosine"] < .9);
  CHECK(rules["norm 1"]["clipped_share"] > rules["norm 10"]["clipped_share"]);

  const auto rows = csv_rows(folder / "out/norms.csv");
  CHECK(rows[0] ==
        std::vector<std::string>{"clipping", "seed", "update", "loss", "norm_before", "norm_after", "clipped"});
  int seen = 0;
  for (const std::vector<std::string>& cells : rows) {
    if (cells[0] != "norm 1") continue;
    ++seen;
    const double before = std::stod(cells[4]), after = std::stod(cells[5]);
    CHECK(after == Approx(std::min(before, 1.0)).epsilon(1e-4));
    CHECK((cells[6] == "1") == (before > 1));
  }
  CHECK(seen == 2 * 500);
}

TEST_CASE("the studies do not adopt a task's own training settings", "[slow]") {
  TempFolder folder;
  const Outcome clip = ebb_command({"clip", "--steps", "1", "--seeds", "1", "--batch", "2", "--thresholds", "1",
                                    "--values", "none", "--out", folder / "clip"});
  INFO(clip.err);
  REQUIRE(clip.code == 0);
  CHECK(summary_of(folder / "clip")["clipping"]["norm 1"]["median_norm"].get<double>() <
        1000);  // 1e11 with the task's dropout
  const Outcome dropout = ebb_command(
      {"dropout", "--steps", "1", "--seeds", "1", "--batch", "2", "--ways", "none", "--out", folder / "dropout"});
  INFO(dropout.err);
  REQUIRE(dropout.code == 0);
  CHECK_THAT(dropout.out, Contains("adam at 0.003"));
}

TEST_CASE("ebb tbptt: the gradient's bias falls as the window grows, to rounding error for the whole sequence",
          "[slow]") {
  TempFolder folder;
  const json s = quick(folder, "out", "tbptt");
  for (const char* task : {"chars", "echo"}) {
    const json& windows = s["tasks"][task]["windows"];
    for (const char* when : {"start", "trained"}) {
      INFO(task << " " << when);
      double before = 10;
      for (const char* window : {"5", "10", "20", "40"}) {
        const double difference = windows[window][when]["difference"];
        CHECK(difference < before);
        before = difference;
      }
      CHECK(windows["5"][when]["difference"] > 1e-4);
      CHECK(before < 1e-12);
      CHECK(windows["40"][when]["cosine"].get<double>() == Approx(1).margin(1e-12));
    }
    CHECK(windows["40"]["kept_bytes"] > 3 * windows["5"]["kept_bytes"].get<double>());
    CHECK(windows["5"]["loss"] < s["tasks"][task]["baseline_loss"]);
  }
}

TEST_CASE("ebb tbptt: dependencies longer than the window are not learnt", "[slow]") {
  TempFolder folder;
  const json s =
      quick(folder, "out", "tbptt", {"--tasks", "echo", "--lag", "12", "--windows", "5,25", "--characters", "80000"});
  const json& windows = s["tasks"]["echo"]["windows"];
  CHECK(windows["5"]["loss"] > .9);  // bits: a coin costs 1
  CHECK(windows["25"]["loss"] < .8);
}

TEST_CASE("naive masks differ at each step, variational ones last a sequence, and some do not affect the state") {
  using Kind = ebb::app::DropoutKind;
  for (const char* field : {"h", "m"}) {
    INFO(field);
    const auto naive = masks_of(Kind::naive, field), whole = masks_of(Kind::variational, field),
               input = masks_of(Kind::input, field);
    CHECK(whole[0].find('0') != std::string::npos);
    CHECK(whole[0].find('2') != std::string::npos);
    for (std::size_t t = 1; t < 4; ++t) {
      CHECK(whole[t] == whole[0]);
      CHECK(naive[t] != naive[t - 1]);
      if (field[0] == 'h') CHECK(input[t] != input[t - 1]);
      else CHECK(input[t] == std::string(128, '1'));
    }
  }
}

TEST_CASE("ebb dropout: all results are present, and the network without dropout overfits most", "[slow]") {
  TempFolder folder;
  const json s = quick(folder, "out", "dropout");
  for (const char* way : {"none", "naive", "input", "variational"}) {
    INFO(way);
    const json& w = s["ways"][way];
    for (const char* number :
         {"best_valid", "best_update", "best_gap", "test", "test_at_end", "end_valid", "end_train", "end_gap"})
      CHECK(w[number].is_number());
    CHECK(w["best_valid"] <= w["end_valid"]);
    if (std::string(way) != "none") CHECK(w["end_gap"] < s["ways"]["none"]["end_gap"]);
  }
  const std::string csv = read_all(folder / "out/curves.csv");
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 1 + 4 * 2 * 20);
}

TEST_CASE("ebb forcing: the first free-running step equals that under teacher forcing, later ones are worse",
          "[slow]") {
  TempFolder folder;
  const json s = quick(folder, "out", "forcing");
  for (const char* way : {"forcing", "linear", "exponential", "inverse-sigmoid"})
    for (const char* seed : {"1", "2"}) {
      INFO(way << " " << seed);
      const json& run = s["ways"][way]["runs"][seed];
      CHECK(run["free_first"] == run["forced_first"]);
      CHECK(run["free"] > run["forced"]);
      CHECK(run["forced"] < 30.0);  // 100 is always saying the mean
    }
  CHECK(s["ways"]["exponential"]["free"] < s["ways"]["forcing"]["free"]);
  CHECK(s["ways"]["exponential"]["forced"] > s["ways"]["forcing"]["forced"]);
}

TEST_CASE("a forecast reads the targets in the context, and its own output afterwards") {
  using namespace ebb;
  using namespace ebb::app;
  forcing::Practice p;
  p.cell = "gru";
  p.hidden = 5;
  const forcing::Forecaster m(p, 1);
  const Tape tape{{.dtype = f64}};
  const Var x = constant(uniform({7, 3, 1}, Key{4}, -1, 1));
  const Array forced = forcing::forecasts(m, x, 2, 1, false, StepContext{}).value(),
              free = forcing::forecasts(m, x, 2, 0, false, StepContext{}).value();
  const Array plain = m.out(unroll(*m.cell, Sequence(x), StepContext{}).all()).value();
  for (int row = 0; row < 3; ++row) {
    State s = m.cell->initial_state(3);
    Var in;
    for (int t = 0; t < 7; ++t) {
      CHECK(forced.at({row, t}) == Approx(plain.at({t, row, 0})).epsilon(1e-12));
      s = m.cell->step(t < 2 ? x[t] : in, s, StepContext{});
      in = m.out(s[0]);
      CHECK(free.at({row, t}) == Approx(in.value().at({row, 0})).epsilon(1e-12));
      if (t < 2) CHECK(free.at({row, t}) == forced.at({row, t}));
    }
    CHECK(free.at({row, 6}) != forced.at({row, 6}));
  }
}

TEST_CASE("every schedule begins with targets only and shows them half the time at its midpoint") {
  for (const char* way : {"linear", "exponential", "inverse-sigmoid"}) {
    INFO(way);
    CHECK(ebb::app::forcing::truth(way, 0, 2000, .25) > .98);
    CHECK(ebb::app::forcing::truth(way, 500, 2000, .25) == Approx(.5).margin(1e-6));
    for (int u = 1; u < 2000; ++u)
      CHECK(ebb::app::forcing::truth(way, u, 2000, .25) <= ebb::app::forcing::truth(way, u - 1, 2000, .25));
  }
  CHECK(ebb::app::forcing::truth("forcing", 1999, 2000, .25) == 1);
  CHECK(ebb::app::forcing::truth("free", 0, 2000, .25) == 0);
}

TEST_CASE("the studies give the same results on any number of threads", "[slow]") {
  same_for_any_threads("clip", "norms.csv", {"--steps", "30", "--thresholds", "0,1", "--hidden", "8"});
  same_for_any_threads("tbptt", "learning.csv",
                       {"--characters", "4000", "--windows", "5,10", "--stretch", "10", "--hidden", "8"});
  same_for_any_threads("dropout", "curves.csv", {"--steps", "40", "--hidden", "8"});
  same_for_any_threads("forcing", "errors.csv", {"--steps", "20", "--hidden", "8", "--ways", "forcing,linear"});
}

TEST_CASE("Ctrl-C: the studies report their results so far") {
  for (const char* command : {"clip", "tbptt", "dropout", "forcing", "online"}) {
    INFO(command);
    TempFolder folder;
    Impatient::steps = 0;
    std::vector<std::string> words{command,  "--quick",   "--threads", "1",
                                   "--cell", "impatient", "--out",     folder / "out"};
    if (words[0] == "dropout") words.insert(words.end(), {"--ways", "none"});
    const Outcome o = ebb_command(words);
    CHECK(o.code == 130);
    CHECK(summary_of(folder / "out")["interrupted"] == true);
    CHECK_THAT(read_all(folder / "out/report.html"), Contains("INTERRUPTED"));
  }
}

TEST_CASE("ebb dropout, interrupted: a dash for what was not started, and no winner among unfinished variants") {
  TempFolder folder;
  Impatient::steps = 0;
  const Outcome o = ebb_command(
      {"dropout", "--quick", "--threads", "1", "--cell", "impatient", "--ways", "none,naive", "--out", folder / "out"});
  CHECK(o.code == 130);
  CHECK_THAT(o.out, !Contains("nan") && !Contains("The best on the test split"));
  CHECK_THAT(o.out, Contains("No variant was completed: 0 of 2 runs of none were completed"));
  CHECK_THAT(read_all(folder / "out/report.html"),
             Contains("were completed, naive was not started.") && !Contains(">nan"));
}

TEST_CASE("ebb tbptt: a single window has no comparison") {
  TempFolder folder;
  const Outcome o = ebb_command(
      {"tbptt", "--quick", "--tasks", "echo", "--windows", "7", "--characters", "2000", "--out", folder / "out"});
  CHECK(o.code == 0);
  CHECK_THAT(o.out, Contains("The window of 7 steps reaches ") && !Contains("one of 7 at"));
}

TEST_CASE("ebb clip: divergence is a result without clipping, and a failure with it") {
  TempFolder folder;
  const auto diverged = [&](const std::string& threshold) {
    const Outcome o = ebb_command({"clip", "--quick", "--thresholds", threshold, "--values", "none", "--steps", "50",
                                   "--seeds", "1", "--out", folder / threshold});
    INFO(o.out << o.err);
    CHECK_THAT(o.out, Contains("diverged at "));
    return o;
  };
  CHECK(diverged("0").code == 0);
  const Outcome clipped = diverged("1000000");
  CHECK(clipped.code == 1);
  CHECK_THAT(clipped.err, Contains("norm 1e+06, seed 1 diverged at step "));
}

TEST_CASE("an impossible study is rejected before anything is written") {
  TempFolder folder;
  const auto rejected = [&](std::vector<std::string> words, const std::string& why) {
    words.insert(words.end(), {"--quick", "--out", folder / "refused"});
    const Outcome o = ebb_command(words);
    INFO(words[0] << ": " << o.err);
    CHECK(o.code == 2);
    CHECK_THAT(o.err, Contains(why));
    CHECK(!folder.has("refused"));
  };
  rejected({"clip", "--thresholds", "0,x"}, "--thresholds: 'x' is not a number");
  rejected({"clip", "--thresholds", "0,-1"}, "--thresholds: -1 is not from 0 to 1000000000");
  rejected({"clip", "--thresholds", "1,1.0"}, "--thresholds names 1 twice");
  rejected({"clip", "--values", "0"}, "--values: 0 is not from");
  rejected({"clip", "--cell", "lstn"}, "did you mean 'lstm'?");
  rejected({"clip", "--task", "charts"}, "did you mean 'chars'?");
  rejected({"clip", "--optimizer", "sdg"}, "sdg");
  rejected({"tbptt", "--windows", "0,5"}, "--windows: 0 is not from 1");
  rejected({"tbptt", "--windows", "5,7.5"}, "--windows: 7.5 is not a whole number");
  rejected({"tbptt", "--windows", "3,5"}, "--every 5: a gradient goes back");
  rejected({"tbptt", "--tasks", "adding"}, "unknown --tasks 'adding'; there are chars, echo");
  rejected({"tbptt", "--characters", "3"}, "--characters 3 are fewer");
  rejected({"clip", "--task", "adding", "--text", folder / "text"}, "--text does not apply to the task 'adding'");
  rejected({"tbptt", "--tasks", "echo", "--text", folder / "text"}, "--text does not apply to the task 'echo'");
  rejected({"dropout", "--task", "adding", "--text", folder / "text"}, "--text does not apply to the task 'adding'");
  rejected({"dropout", "--data", folder / "text"}, "--data does not apply to the task 'chars'");
  rejected({"dropout", "--ways", "none,naiv"}, "did you mean 'naive'?");
  rejected({"dropout", "--p", "1"}, "--p must be at most 0.99");
  rejected({"dropout", "--task", "adding", "--part", ".5"}, "--part does not apply to the task 'adding'");
  rejected({"forcing", "--ways", "forcing,forcing"}, "--ways names 'forcing' twice");
  rejected({"forcing", "--data", "/no/such.csv"}, "/no/such.csv");
  rejected({"forcing", "--column", "level"}, "--column does not apply to the task 'series'");
  rejected({"forcing", "--free", "5000"}, "series: a split has");
}

TEST_CASE("a curve over seeds is their binned mean, of the logarithm if that is plotted") {
  using namespace ebb::app::study;
  const std::vector<Curve> curves{{{1, 2, 3, 4}, {1, 1, 100, 100}}, {{1, 2}, {4, 4}}};
  const ebb::app::Series s = line_of("a", curves, false, 2);
  CHECK(s.x == std::vector<double>{1.5, 3.5});
  CHECK(s.y == std::vector<double>{2.5, 100});
  CHECK(s.low.empty());  // of two seeds
  const ebb::app::Series log = line_of("a", curves, true, 4);
  CHECK(log.x.size() == 4);
  CHECK(log.y[0] == Approx(2));
  const ebb::app::Series of_three = line_of("a", {curves[0], curves[1], curves[1]}, true, 4);
  CHECK(of_three.high[1] == Approx(std::pow(4, 2. / 3 + std::sqrt(2.) / 3)));
  CHECK(spread_of({1, 3, NAN}).count == 2);
  CHECK(std::isnan(spread_of({}).mean));
  CHECK(text_of(spread_of({1, 2, 3})) == "2.000 ± 0.82");
  CHECK(text_of(spread_of({1, 3, NAN})) == "2.000 (n = 2)");
  CHECK(text_of(spread_of({2})) == "2.000");
  const std::vector<Curve> three{{{1, 2}, {1, 5}}, {{1, 2}, {3, 7}}, {{1}, {2}}};
  const ebb::app::Series banded = line_of("three", three);
  CHECK(banded.high[0] == Approx(2 + std::sqrt(2. / 3)));
  CHECK(std::isnan(banded.high[1]));  // of two of them
}

}  // namespace studies_test
