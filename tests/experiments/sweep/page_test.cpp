#include <ebb/experiments/report/figure.hpp>
#include <ebb/experiments/report/gnuplot.hpp>
#include <ebb/experiments/sweep/live_table.hpp>
#include <ebb/experiments/sweep/page.hpp>
#include <ebb/experiments/sweep/trials_files.hpp>
#include <ebb/ops/error.hpp>
#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "message_of.hpp"

namespace page_test {

using namespace ebb::app;
using namespace ebb::app::sweep;
using nlohmann::json;
using State = TrialRecord::State;

namespace {

/// Two cells, three rates, three seeds; the validation is 1 + the configuration's index + .1 times the seed's.
struct Example {
  Plan plan{.task = "adding", .axes = parse_axes("cell=rnn,gru;lr=1e-3,1e-2,1e-1"), .steps = 40};
  std::vector<TrialResult> results;
  Example() {
    plan.configurations = grid_of(plan.axes);
    plan.seeds = {1, 2, 3};
    plan.trials = trials_of(plan.configurations, plan.seeds);
    plan.validation = {
        .measure = "loss", .unit = "MSE", .rises = false, .baseline = 7, .baseline_about = "always answering 1"};
    for (const Trial& t : plan.trials) {
      const double valid = 1 + static_cast<double>(t.configuration) + .1 * static_cast<double>(t.seed - 1);
      results.push_back(
          {{.state = State::ended, .updates = 40, .valid = {{40, valid}}, .test = valid + .5, .test_unit = "MSE"}, ""});
    }
  }
  TrialResult& at(std::size_t configuration, std::size_t seed) { return results[plan.trial(configuration, seed)]; }
  std::vector<ConfigurationResult> ranking() const { return ranking_of(plan, results); }
};

}  // namespace

TEST_CASE("configurations are ranked by their mean validation, with their spread over seeds") {
  Example e;
  const auto ranking = e.ranking();
  REQUIRE(ranking.size() == 6);
  for (std::size_t k = 0; k < 6; ++k) CHECK(ranking[k].configuration == k);
  CHECK(ranking[0].valid.mean == Approx(1.1));
  CHECK(ranking[0].valid.deviation == Approx(.1));
  CHECK(ranking[0].valid.text() == "1.100 ± 0.1000");
  CHECK(ranking[0].test.mean == Approx(1.6));
  e.plan.validation.rises = true;
  CHECK(e.ranking()[0].configuration == 5);
}

TEST_CASE("a configuration of which a run is missing is not the best, however good the others are") {
  Example e;
  e.at(0, 1).record.state = State::diverged;
  e.at(1, 0).failed = "ebb train: no";
  e.at(2, 2).record.state = State::begun;
  const auto ranking = e.ranking();
  CHECK(ranking[0].configuration == 3);
  CHECK(ranking[3].configuration == 0);
  CHECK(ranking[3].diverged == 1);
  CHECK(ranking[3].valid.count == 2);
  CHECK(ranking[4].failed == 1);
  CHECK(ranking[5].stopped == 1);
  CHECK(std::isnan(height_of(e.plan, ranking[3])));
}

TEST_CASE("the finding names the best configuration, and whether its lead is shown") {
  Example e;
  const auto sentences = findings_of(e.plan, e.ranking());
  REQUIRE(sentences.size() == 3);
  CHECK(sentences[0] == "cell rnn, lr 1e-3 has the best validation loss: 1.100 ± 0.1000 MSE over 3 seeds.");
  CHECK(sentences[1] == "The baseline (always answering 1) is 7.000 MSE.");
  CHECK(test::contains(sentences[2], "On the test split: "));
  CHECK(test::contains(sentences[2], "“cell rnn, lr 1e-3” is below “cell rnn, lr 1e-2” by 1"));
  CHECK(findings_of(e.plan, {}).empty());
}

TEST_CASE("the lead of the best is tested on the test split, corrected for all configurations") {
  Example e;
  // Seed by seed, the first is ahead by .9, 1, 1.1: alone p = .0033 (paired t), of five pairs p = .0166.
  for (std::size_t s = 0; s < 3; ++s) e.at(0, s).record.test += .1 * (1 - static_cast<double>(s));
  const std::string lead = findings_of(e.plan, e.ranking())[2];
  CHECK(test::contains(lead, "Holm over 5 pairs"));
  CHECK(test::contains(lead, "is below"));
  for (auto& r : e.results) r.record.test = NAN;
  CHECK(findings_of(e.plan, e.ranking()).size() == 2);
}

TEST_CASE("what successive halving stopped is shown, but is never the best") {
  Example e;
  e.plan.rungs = {10, 40};
  for (std::size_t c = 1; c < 6; ++c)
    for (std::size_t s = 0; s < 3; ++s) {
      TrialRecord& r = e.at(c, s).record;
      r = {.state = State::begun, .updates = 10, .valid = {{10, .5}}};  // better than what the first ends with
    }
  const auto ranking = e.ranking();
  CHECK(ranking[0].configuration == 0);
  const auto plots = responses_of(e.plan, ranking);
  REQUIRE(plots.size() == 1);
  CHECK(plots[0].finding == "Best at lr 1e-3, near the end of the range: values beyond it may be better.");
  for (const Series& s : plots[0].series) CHECK(s.dots);
  const json parallel = json::parse(figure_of(parallel_of(e.plan, ranking), "configurations").json);
  REQUIRE(parallel["best"].is_number());
  CHECK(parallel["rows"][parallel["best"].get<std::size_t>()]["name"] == "cell rnn, lr 1e-3");
  const std::string lines = best_lines(e.plan, ranking);
  CHECK(test::contains(lines, "(0.5000)"));
  CHECK(test::contains(lines, "baseline"));
}

TEST_CASE(
    "responses are lines by word over the numbers of an option, with a remark if the best is at the end of its range") {
  const Example e;
  const auto plots = responses_of(e.plan, e.ranking());
  REQUIRE(plots.size() == 1);
  CHECK(plots[0].log_x);
  REQUIRE(plots[0].series.size() == 2);
  CHECK(plots[0].series[1].name == "gru");
  CHECK(plots[0].series[1].x == std::vector<double>{1e-3, 1e-2, 1e-1});
  CHECK(plots[0].series[1].y[2] == Approx(6.1));
  CHECK(plots[0].series[1].high[2] == Approx(6.2));
  CHECK(plots[0].finding == "Best at lr 1e-3, near the end of the range: values beyond it may be better.");
}

TEST_CASE("parallel axes have a line for each configuration with all seeds, and mark the best") {
  Example e;
  e.at(5, 0).record.state = State::diverged;
  const ParallelPlot plot = parallel_of(e.plan, e.ranking());
  REQUIRE(plot.axes.size() == 3);
  CHECK(plot.axes[0].words == std::vector<std::string>{"rnn", "gru"});
  CHECK(plot.rows.size() == 5);
  CHECK(test::contains(plot.caption, "1 of 6 configurations"));
  const Figure f = figure_of(plot, "configurations");
  const json spec = json::parse(f.json);
  CHECK(spec["kind"] == "parallel");
  CHECK(spec["best"] == 0);
  CHECK(spec["axes"][1]["log"] == true);
  CHECK(spec["rows"][3]["values"][0] == 1);
  CHECK(test::contains(f.csv, "name,cell,lr,loss\n\"cell rnn, lr 1e-3\",rnn,0.001,1.1\n"));
  const std::string program = gnuplot_program(f.json, {});
  CHECK(test::contains(program, "'gru' at 0,1"));
  CHECK(test::contains(program, "$d index 0 using 1:2"));
  ParallelPlot wrong = plot;
  wrong.rows[0].values.pop_back();
  CHECK(test::contains(test::message_of<ebb::Error>([&] { figure_of(wrong, "x"); }),
                       "does not have a value for each axis"));
}

TEST_CASE("trials.csv and trials.json have every trial, with words quoted and errors kept") {
  Example e;
  e.at(1, 2).failed = "ebb train: \"no\", never";
  e.at(2, 0).record.state = State::none;
  const std::string csv = trials_csv(e.plan, e.results);
  CHECK(test::contains(csv, "trial,configuration,cell,lr,seed,state,updates,valid,test,failed,seconds\n"));
  CHECK(test::contains(
      csv, "\n002-rnn-1e-2-seed-3,2,rnn,1e-2,3,failed,40,2.2,2.7,\"ebb train: \"\"no\"\", never\",0.000\n"));
  const json all = json::parse(trials_json(e.plan, e.results));
  CHECK(all["validation"]["higher_is_better"] == false);
  REQUIRE(all["trials"].size() == 18);
  CHECK(all["trials"][2]["state"] == "not begun");
  CHECK(all["trials"][3]["options"] == json({{"cell", "gru"}, {"lr", 1e-3}}));
  CHECK(all["trials"][3]["validations"] == json::parse("[[40, 4.0]]"));
}

TEST_CASE("best.toml has the options of the trial, with the seeds of the sweep and the threads of the machine") {
  const Example e;
  const std::string config =
      "# To repeat this run: ebb train --config THIS_FILE\ntask = \"adding\"\nlr = 0.01\nseed = 2\nseeds = 1\nthreads "
      "= 1\n# Written by x\n";
  CHECK(best_toml(e.plan, config, "the best") ==
        "# the best\n# To train it: ebb train --config THIS_FILE\ntask = \"adding\"\nlr = 0.01\nseed = 1\nseeds = 3\n");
}

TEST_CASE("the live table fits its terminal, and a log has one line") {
  LiveTable::Status s{.trials = 75,
                      .over = 12,
                      .failed = 1,
                      .share = .161,
                      .seconds_left = 750,
                      .best = "cell gru: loss 2.31",
                      .running = {}};
  for (std::uint64_t k = 0; k < 5; ++k) s.running.push_back({"cell gru, lr 0.001", k, .25, 2.5, NAN});
  CHECK(line_of(s) == "12 of 75 trials ended, 5 running, 1 failed; best so far cell gru: loss 2.31");
  const auto table = table_of(s, 80, 3);
  REQUIRE(table.size() == 6);
  CHECK(test::contains(table[0], "cell gru, lr 0.001"));
  CHECK(test::contains(table[0], " 25 %"));
  CHECK(test::contains(table[3], "and 2 more"));
  for (const std::string& line : table)
    CHECK(std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; }) == 80);
}

}  // namespace page_test
