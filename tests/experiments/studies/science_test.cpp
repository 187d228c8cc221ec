#include <cmath>

#include "catch.hpp"
#include "run_ebb.hpp"

namespace science_test {

using nlohmann::json;

namespace {

// How far the gradient has fallen from lag 1 to lag 100, in powers of ten.
double fallen(const json& cell, const char* when = "init") {
  const json& norm = cell[when]["norm_at_lag"];
  return std::log10(norm["1"].get<double>() / norm["100"].get<double>());
}

json vanish(std::vector<std::string> options) {
  TempFolder folder;
  options.insert(options.begin(), {"vanish", "--out", folder / "out"});
  const Outcome o = ebb_command(options);
  INFO(o.err);
  REQUIRE(o.code == 0);
  return summary_of(folder / "out")["tasks"];
}

}  // namespace

TEST_CASE("hidden 64, 100 steps back: the RNN's gradient has fallen 1e6 times further than those of cells that keep",
          "[science]") {
  const json tasks = vanish({"--hidden", "64", "--steps", "0", "--cells", "rnn,lstm,gru,gru:update_bias=1"});
  for (const char* task : {"adding", "chars"}) {
    const json& cells = tasks[task]["cells"];
    INFO(task);
    CHECK(fallen(cells["rnn"]) > fallen(cells["lstm"]) + 6);
    CHECK(fallen(cells["rnn"]) > fallen(cells["gru:update_bias=1"]) + 6);
    CHECK(fallen(cells["gru"]) > fallen(cells["gru:update_bias=1"]));
  }
}

TEST_CASE("at initialisation an orthogonal or Xavier RNN can retain gradients longer than LSTM and GRU", "[science]") {
  const json cells =
      vanish({"--hidden", "64", "--steps", "0", "--tasks", "adding", "--cells",
              "rnn:recurrent=orthogonal,rnn:recurrent=xavier,lstm,gru:update_bias=1"})["adding"]["cells"];
  for (const char* rnn : {"rnn:recurrent=orthogonal", "rnn:recurrent=xavier"}) {
    CHECK(fallen(cells[rnn]) < fallen(cells["lstm"]));
    CHECK(fallen(cells[rnn]) < fallen(cells["gru:update_bias=1"]));
  }
}

TEST_CASE("adding over 100 steps: LSTM and GRU get below .01 where the RNN stays above .15", "[science]") {
  const json cells = vanish({"--tasks", "adding"})["adding"]["cells"];  // as by default: 3 seeds
  for (const char* seed : {"1", "2", "3"}) {
    INFO("seed " << seed);
    CHECK(cells["lstm"]["runs"][seed]["loss"] < .01);
    CHECK(cells["gru"]["runs"][seed]["loss"] < .01);
    CHECK(cells["rnn"]["runs"][seed]["loss"] > .15);
  }
  CHECK(fallen(cells["lstm"], "trained") < 3);  // who learnt it carries its gradient over the whole sequence
  CHECK(fallen(cells["gru"], "trained") < 3);
}

}  // namespace science_test
