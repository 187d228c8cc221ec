#include "catch.hpp"
#include "run_ebb.hpp"

namespace tbptt_bias_test {

using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

json summary_after(const TempFolder& folder, const std::string& name, std::vector<std::string> more) {
  std::vector<std::string> words{"tbptt", "--quick", "--seeds", "1", "--tasks", "echo", "--characters", "1600"};
  words.insert(words.end(), more.begin(), more.end());
  words.insert(words.end(), {"--out", folder / name});
  const Outcome o = ebb_command(words);
  INFO(o.err);
  REQUIRE(o.code == 0);
  return summary_of(folder / name);
}

}  // namespace

TEST_CASE(
    "ebb tbptt: RTRL is exact, and e-prop of a vanilla network is as biased as backpropagation through one step") {
  TempFolder folder;
  const json s = summary_after(
      folder, "out", {"--cell", "rnn", "--every", "1", "--windows", "1,3,40", "--gradient", "rtrl,eprop,snap1,uoro"});
  const json& all = s["tasks"]["echo"]["cell_gradient"];
  for (const char* when : {"start", "trained"}) {
    const auto number = [&](const char* estimate, const char* what) { return all[estimate][when][what].get<double>(); };
    for (const char* exact : {"rtrl", "window 40"}) {
      CHECK(number(exact, "difference") < 1e-12);
      CHECK(number(exact, "cosine") == Approx(1).margin(1e-12));
      CHECK(number(exact, "norm_ratio") == Approx(1).margin(1e-12));
    }
    for (const char* what : {"cosine", "norm_ratio", "difference"})
      CHECK(number("eprop", what) == Approx(number("window 1", what)).epsilon(1e-10));
    CHECK(number("window 3", "difference") < number("window 1", "difference"));
    CHECK(number("snap1", "difference") > 1e-3);
    CHECK(number("uoro", "difference") > number("snap1", "difference"));
    // |a - b|^2 = |a|^2 + |b|^2 - 2 |a| |b| cos
    for (const char* estimate : {"window 1", "window 3", "snap1", "uoro"}) {
      const double ratio = number(estimate, "norm_ratio"), difference = number(estimate, "difference");
      CHECK(difference * difference ==
            Approx(ratio * ratio + 1 - 2 * ratio * number(estimate, "cosine")).epsilon(1e-9));
    }
  }
  CHECK(s["tasks"]["echo"]["windows"]["1"]["start"]["norm_ratio"].is_number());
  CHECK_THAT(read_all(folder / "out/report.html"),
             Contains("Bias of the cell's gradient") || Contains("Bias of the cell&#39;s gradient"));
  const json none = summary_after(folder, "none", {"--gradient", "none"});
  CHECK(!none["tasks"]["echo"].contains("cell_gradient"));
}

TEST_CASE("ebb tbptt rejects an online gradient that does not apply to the cell, before anything is written") {
  TempFolder folder;
  const auto rejected = [&](const std::string& methods, const std::string& why) {
    const Outcome o = ebb_command({"tbptt", "--quick", "--gradient", methods, "--out", folder / "refused"});
    CHECK(o.code == 2);
    CHECK_THAT(o.err, Contains(why));
    CHECK(!folder.has("refused"));
  };
  rejected("rtrl,rflo", "rflo does not apply to cell lstm: its state does not leak");
  rejected("snap", "there is no online gradient 'snap'; there are rtrl");
  rejected("uoro,uoro", "--gradient names 'uoro' twice");
}

}  // namespace tbptt_bias_test
