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
  const Outcome o =
      ebb_command({"observe", "--quick", "--seeds", "1", "--cell",
                   "rnn:activation=linear,recurrent=orthogonal,rnn:activation=linear,recurrent=identity", "--free",
                   "--hidden", "8", "--measure", "lyapunov,jacobians,map", "--out", folder / "out"});
  REQUIRE(o.code == 0);
  const std::string page = read_all(folder / "out/report.html");
  int drawn = 0;
  for (const json& plot : plots_of(page))
    if (plot["title"] == "λ₁ over time" || plot["title"] == "Singular values of one step")
      for (const json& row : plot["rows"])
        for (std::size_t k = 1; k < row.size(); ++k)
          if (row[k][1].is_number()) {
            ++drawn;
            CHECK(row[k][1] == 0);
          }
  for (const json& plot : plots_of(page))
    if (plot["title"] == "Spectrum")  // the band too: it lies around its line
      for (const json& row : plot["rows"])
        for (std::size_t k = 1; k < row.size(); ++k)
          for (const json& number : row[k]) CHECK((number.is_null() || number == 0));
  CHECK(drawn > 8);
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
    observe_quick(out, {"--cell", "lstm", "--hidden", "4", "--lags", "50", "--rows", std::to_string(rows), "--seeds",
                        "1", "--measure", "norms"});
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

TEST_CASE("the section of gates and Why name the same gates, and none that does not multiply the state") {
  TempFolder folder;
  observe_quick(folder / "out", {"--cell", "slstm,lem", "--hidden", "16", "--length", "60", "--seeds", "1", "--measure",
                                 "norms,gates"});
  const std::string page = read_all(folder / "out/report.html");
  const std::string why =
      page.substr(page.find("<h2>Why</h2>"), page.find("<h2>Gradient norms") - page.find("<h2>Why"));
  const std::string gates = page.substr(page.find("<h2>Gates and time scales</h2>"));
  CHECK_THAT(why, Contains("1 - step_y multiplies y") && Contains("1 - step_z multiplies z"));
  CHECK_THAT(why, Contains("head1/f multiplies c and n") && !Contains("head1/i"));
  for (const char* sentence :
       {"1 - step_y multiplies y: τ is", "1 - step_z multiplies z: τ is", "head1/f multiplies c and n: τ is"})
    CHECK_THAT(gates, Contains(sentence));
  CHECK_THAT(gates, !Contains("/i multiplies") && !Contains("longest time scale"));
  const auto row = gates.find("<td>head1/i");  // the input gate has no time scale
  REQUIRE(row != std::string::npos);
  const std::string cells = gates.substr(row, gates.find("<tr>", row) - row), none = "<td>–<td>–<td>–";
  CHECK(cells.find(none) != std::string::npos);
  CHECK_THAT(gates, Contains("<td>z, as 1 - step_z<td>"));
}

TEST_CASE("the finding of the norms is the first sentence of Why") {
  TempFolder folder;
  observe_quick(folder / "out", {"--cell", "gru,rnn:recurrent=orthogonal", "--seeds", "1", "--measure", "norms"});
  const std::string page = read_all(folder / "out/report.html");
  const auto norms = page.find("<h2>Gradient norms</h2>");
  for (const std::string name : {"gru: ", "rnn:recurrent=orthogonal: "}) {
    INFO(name);
    const auto of = [&](std::size_t from) {
      const auto at = page.find("<p>" + name, from);
      return page.substr(at, page.find(".", page.find("training sequence", at)) - at);
    };
    CHECK(of(0) == of(norms));
    CHECK_THAT(of(norms), Contains("over the 20 steps of a training sequence"));
  }
}

TEST_CASE("the share of eigenvalues below zero leaves out those that the quadrature does not resolve") {
  TempFolder folder;
  observe_quick(folder / "out",
                {"--cell", "gru", "--hidden", "8", "--length", "20", "--seeds", "1", "--measure", "curvature"});
  const Values v = Values::read(folder / "out/observed-curvature-1.json");
  REQUIRE(v.number("parameters") > 40);
  const double range = v.at("largest")[0] - v.at("smallest")[0];
  CHECK(v.number("near_zero") / range == Approx(3.14159265 / 80).epsilon(.01));
  CHECK_THAT(read_all(folder / "out/report.html"), Contains("below zero by more than 3.9 % of the range"));
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
