#include <cmath>
#include <ebb/experiments/studies/observe/subject.hpp>
#include <ebb/experiments/studies/observe/values.hpp>

#include "catch.hpp"
#include "run_ebb.hpp"

namespace observe_page_test {

using Catch::Matchers::Contains;
using ebb::app::observe::Values;
using nlohmann::json;

namespace {

void observe_quick(const std::string& folder, const std::vector<std::string>& more) {
  std::vector<std::string> words{"observe", "--quick", "--out", folder};
  words.insert(words.end(), more.begin(), more.end());
  const Outcome o = ebb_command(words);
  INFO(o.err);
  REQUIRE(o.code == 0);
}

}  // namespace

TEST_CASE("a cell that forgets its state has the exponent -∞, with the reason") {
  TempFolder folder;
  const Outcome o = ebb_command({"observe", "--quick", "--seeds", "1", "--cell", "tanhmap:g=0", "--free", "--hidden",
                                 "4", "--measure", "lyapunov", "--out", folder / "out"});
  REQUIRE(o.code == 0);
  const std::string page = read_all(folder / "out/report.html");
  CHECK_THAT(page, Contains("tanhmap:g=0: λ₁ = -∞ nats per step: within a sequence every direction of the state is "
                            "mapped to zero (lost: 4 of 4)"));
  CHECK_THAT(page, Contains("<td>-∞"));
  CHECK_THAT(read_all(folder / "out/lyapunov.csv"), Contains("\"tanhmap:g=0\",\"exponents\",0,-inf\n"));
  CHECK(Values::read(folder / "out/observed-lyapunov-1.json").at("exponents")[0] == -INFINITY);
}

TEST_CASE("exponents of the size of rounding are zero") {
  TempFolder folder;
  const Outcome o = ebb_command({"observe", "--quick", "--seeds", "1", "--cell",
                                 "rnn:activation=linear,recurrent=orthogonal,rnn:activation=linear,recurrent=identity",
                                 "--free", "--hidden", "8", "--measure", "lyapunov,map", "--out", folder / "out"});
  REQUIRE(o.code == 0);
  const std::string page = read_all(folder / "out/report.html");
  CHECK_THAT(page, Contains("orthogonal: λ₁ = 0 nats per step, not different from zero"));
  CHECK_THAT(page, Contains("identity: λ₁ = 0 nats per step, not different from zero"));
  CHECK_THAT(page, !Contains("chaotic"));
  CHECK_THAT(page, Contains("steps before the last step still has a hundredth of the last state's influence on the "
                            "final state"));
  for (const char* of : {"1", "2"}) {
    const Values v = Values::read(folder / (std::string("out/observed-lyapunov-") + of + ".json"));
    CHECK(v.at("positive_share")[0] == 0);
    CHECK(v.at("entropy_rate")[0] == 0);
    CHECK(v.at("dimension")[0] == 8);
  }
}

TEST_CASE("the map says how far apart its steps are") {
  TempFolder folder;
  const Outcome o = ebb_command({"observe", "--quick", "--seeds", "1", "--cell", "tanhmap:g=.1", "--free", "--hidden",
                                 "4", "--length", "200", "--measure", "map", "--out", folder / "out"});
  REQUIRE(o.code == 0);
  CHECK_THAT(read_all(folder / "out/report.html"),
             Contains("tanhmap:g=.1: no state 5 steps or more before the last step has a hundredth of the last state's "
                      "influence on the final state."));
}

TEST_CASE("two sequences have no error and no band, three have") {
  TempFolder folder;
  for (const int rows : {2, 3}) {
    const std::string out = folder / std::to_string(rows);
    observe_quick(out, {"--cell", "lstm", "--hidden", "4", "--length", "60", "--lags", "50", "--rows",
                        std::to_string(rows), "--seeds", "1", "--measure", "norms"});
    const Values v = Values::read(out + "/observed-norms-1.json");
    CHECK(std::isnan(v.at("decay")[1]) == (rows == 2));
    CHECK(std::isnan(v.at("spread")[5]) == (rows == 2));
    const std::string page = read_all(out + "/report.html");
    const json plot = plots_of(page).at(0);
    CHECK(plot["series"][0]["band"] == (rows == 3));
    CHECK_THAT(page, Contains(rows == 2 ? "no band, which needs at least 3 sequences" : "the band is one standard"));
    const auto why = page.find("<h2>Why</h2>"), end = page.find("</p>", why);
    CHECK((page.substr(why, end - why).find(" ± ") == std::string::npos) == (rows == 2));
  }
}

TEST_CASE("several seeds of one cell have labels by which their lines, rows and legend differ") {
  using namespace ebb::app::observe;
  std::vector<Subject> s(5);
  const char* const names[][2] = {{"lstm (a)", "lstm"},
                                  {"lstm (b)", "lstm"},
                                  {"gru", "gru"},
                                  {"rnn (train-20260101-120000)", "rnn"},
                                  {"rnn (b)", "rnn"}};
  for (std::size_t k = 0; k < s.size(); ++k) {
    s[k].name = names[k][0];
    s[k].variant = names[k][1];
  }
  label_alike(s);
  const char* const labels[] = {"a", "b", "", "#1", "#2"};
  for (std::size_t k = 0; k < s.size(); ++k) CHECK(s[k].label == labels[k]);

  TempFolder folder;
  observe_quick(folder / "out", {"--cell", "lstm,gru", "--hidden", "4", "--length", "20", "--seeds", "2", "--measure",
                                 "lyapunov,gates"});
  const std::string page = read_all(folder / "out/report.html");
  for (const json& plot : plots_of(page))
    for (const json& line : plot["series"]) {
      if (line.value("mark", false)) continue;
      INFO(plot["title"] << ": " << line["name"]);
      const std::string name = line["name"], label = line["label"];
      CHECK((label == "seed 1" || label == "seed 2"));
      CHECK(name.find(label) != std::string::npos);
    }
  for (const char* name : {"lstm, seed 1", "lstm, seed 2", "gru, seed 2"})
    CHECK_THAT(page, Contains("</svg>" + std::string(name)));
}

}  // namespace observe_page_test
