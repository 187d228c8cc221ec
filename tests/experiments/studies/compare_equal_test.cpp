#include <cmath>
#include <ebb/experiments/studies/compare/compare.hpp>

#include "catch.hpp"
#include "run_ebb.hpp"

namespace compare_equal_test {

using namespace ebb;
using namespace ebb::app;
using namespace ebb::app::compare;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

struct Compared {
  json summary;
  std::string out, page;
};

Compared compared(const TempFolder& folder, std::vector<std::string> more) {
  std::vector<std::string> words{"compare", "--quick", "--lengths", "0", "--out", folder / "out", "--force"};
  words.insert(words.end(), more.begin(), more.end());
  const Outcome o = ebb_command(words);
  INFO(o.out << o.err);
  REQUIRE(o.code == 0);
  return {summary_of(folder / "out"), o.out, read_all(folder / "out/report.html")};
}

}  // namespace

TEST_CASE("the flops of an update are those of its products, forward and backward") {
  // y = W' h_T over h_t = tanh(x_t Wx + h_{t-1} U): 2 B T H (I + H) forward, as many for the weights' gradients, and
  // for the states' 2 B (T - 1) H H; the output layer has 2 B H three times.
  const auto task = make_task("adding");
  const double T = 12, B = 6, H = 10, I = 2;
  const TaskSettings s{.hidden = 10, .length = 12, .batch = 6};
  const double flops = 2 * (2 * B * T * H * (I + H)) + 2 * B * (T - 1) * H * H + 3 * (2 * B * H);
  CHECK(cost_of_update(*task, "rnn", s, 1).flops == flops);
  CHECK(cost_of_update(*task, "rnn", s, 3).flops == flops);  // of one update, whatever the number
  const UpdateCost timed = cost_of_update(*task, "rnn", s, 0);
  CHECK(timed.flops == flops);
  CHECK(timed.seconds > 0);
}

TEST_CASE("--equal flops chooses widths with equal flops per update") {
  const TempFolder folder;
  const auto [s, out, page] = compared(
      folder, {"--cells", "rnn,lstm,tcn", "--equal", "flops", "--hidden", "24", "--steps", "40", "--seeds", "2"});
  CHECK(s["equal"] == "flops");
  const double flops = s["flops_wanted"];
  CHECK(s["variants"]["rnn"]["hidden"] == 24);
  CHECK(s["variants"]["rnn"]["flops_an_update"] == flops);
  for (const char* cell : {"lstm", "tcn"}) {
    CHECK(s["variants"][cell]["flops_an_update"].get<double>() == Approx(flops).epsilon(.1));
    CHECK(s["variants"][cell]["updates"] == 40);
  }
  CHECK(s["variants"]["lstm"]["hidden"] < 24);
  CHECK_THAT(page, Contains("At equal flops per update") && Contains("flops per update each; 40 updates each"));
  CHECK_THAT(page, Contains("Held equal: flops per update (matrix products and convolutions of the first batch"));
  CHECK_THAT(out, Contains("flops per update each"));
}

TEST_CASE("--equal seconds gives each as many updates as fit into the time of the first") {
  const TempFolder folder;
  const auto [s, out, page] = compared(folder, {"--cells", "rnn,transformer", "--equal", "seconds", "--weights", "3000",
                                                "--steps", "100", "--seeds", "2"});
  CHECK(s["equal"] == "seconds");
  const json &rnn = s["variants"]["rnn"], &transformer = s["variants"]["transformer"];
  CHECK(rnn["updates"] == 100);
  CHECK(transformer["updates"] < 100);  // which is slower at as many weights
  for (const char* seed : {"1", "2"}) CHECK(transformer["runs"][seed]["updates"] == transformer["updates"]);
  CHECK(s["seconds_wanted"].get<double>() > 0);
  CHECK(rnn["weights"].get<double>() == Approx(transformer["weights"].get<double>()).epsilon(.3));
  CHECK_THAT(page, Contains("At equal training time") && Contains("CPU seconds of training each, 2 seeds") &&
                       Contains("<th>updates") && Contains("<th>training s"));
  CHECK_THAT(out, Contains("  transformer: ") && Contains("updates of "));
}

TEST_CASE("the page and the summary say which differences are shown, and tables have units and baselines") {
  const TempFolder folder;
  const auto [s, out, page] = compared(folder, {"--cells", "rnn,gru", "--steps", "40", "--seeds", "3"});
  const json& d = s["differences"]["rnn - gru"];
  CHECK(d["seeds"] == 3);
  CHECK(d["interval"] == "t");
  CHECK(d["low"] < d["mean"]);
  double mean = 0;
  for (const char* seed : {"1", "2", "3"})
    mean += (s["variants"]["rnn"]["runs"][seed]["quality"].get<double>() -
             s["variants"]["gru"]["runs"][seed]["quality"].get<double>()) /
            3;
  CHECK(d["mean"].get<double>() == Approx(mean).epsilon(1e-9));
  const std::string sentence = d["shown"].get<bool>() ? " (95 % interval " : "No difference shown with 3 seeds: ";
  CHECK_THAT(page, Contains(sentence) && Contains("has the lowest mean loss: "));
  CHECK(page.find(sentence) < page.find("<figure"));  // findings stand before the plots
  CHECK_THAT(page, Contains("<th>loss, MSE") && Contains("<tfoot>") && Contains("baseline: always answering 1"));
  CHECK_THAT(out, Contains("has the lowest mean loss: ") && Contains("  baseline"));
}

TEST_CASE("a run that diverges is left out of the comparison, and counted") {
  const TempFolder folder;
  const Outcome o = ebb_command({"compare", "--quick", "--lengths", "0", "--cells", "rnn,gru", "--steps", "20",
                                 "--rates", "gru=1e30", "--seeds", "2", "--out", folder / "out"});
  CHECK(o.code == 1);
  INFO(o.out << o.err);
  CHECK_THAT(o.out, Contains("2 of 4 runs are left out: 2 diverged."));
  CHECK_THAT(o.out, Contains("no seed was completed by both"));
  CHECK(summary_of(folder / "out")["differences"]["rnn - gru"]["seeds"] == 0);
}

}  // namespace compare_equal_test
