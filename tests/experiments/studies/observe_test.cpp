#include <fmt/format.h>
#include <csignal>
#include <ebb/experiments/studies/observe/measure.hpp>
#include <ebb/experiments/studies/observe/values.hpp>
#include <ebb/nn/cell.hpp>
#include <ebb/nn/files/safetensors.hpp>
#include <filesystem>
#include <fstream>
#include <limits>
#include <set>

#include "catch.hpp"
#include "observed.hpp"
#include "run_ebb.hpp"

namespace observe_test {

using ebb::app::observe::Values;
using nlohmann::json;

namespace {

/// A plain network; the user presses Ctrl-C after so many of its steps.
struct Stops {
  static inline int after = -1, late = 0;
  ebb::Param U;
  Stops(ebb::Builder p, ebb::CellSizes s) : U(p.matrix("U", s.input, s.hidden)) {}
  ebb::Hidden step(const ebb::Var& x, const ebb::Hidden& s) const {
    if (after == 0) ++late;
    if (after > 0 && --after == 0) std::raise(SIGINT);
    return {tanh(matmul(x, U) + s.h)};
  }
};
EBB_CELL_NAMED(stops, "test-stops", Stops, "is interrupted (made by the tests)");

}  // namespace

TEST_CASE("results of a measure keep infinities and NaN through their file") {
  TempFolder folder;
  constexpr double infinity = std::numeric_limits<double>::infinity();
  Values v;
  v["exponents"] = {1.0 / 3, -infinity, infinity, std::numeric_limits<double>::quiet_NaN()};
  v.note("driven", "by \"data\"");
  std::ofstream(folder / "v.json") << v.json();
  const Values read = Values::read(folder / "v.json");
  CHECK(read.note("driven") == "by \"data\"");
  const std::vector<double>& e = read.at("exponents");
  REQUIRE(e.size() == 4);
  CHECK(e[0] == 1.0 / 3);
  CHECK(e[1] == -infinity);
  CHECK(e[2] == infinity);
  CHECK(std::isnan(e[3]));
  std::ofstream(folder / "bad.json") << "{\"values\": {\"a\": 3";
  CHECK_THROWS_WITH(Values::read(folder / "bad.json"), Catch::Matchers::Contains("bad.json"));
}

TEST_CASE("ebb observe measures the Henon map's exponents by one command") {
  TempFolder folder;
  const json s = observed(folder / "out", {"--cell", "henon", "--measure", "lyapunov", "--free", "--hidden", "1",
                                           "--length", "4000", "--rows", "1"});
  const json& l = s["subjects"]["henon"]["lyapunov"];
  CHECK(l["sum"].get<double>() == Approx(std::log(.3)).margin(1e-10));  // the map contracts areas by .3
  CHECK(l["difference"].get<double>() < 1e-10);
  const Values v = Values::read(folder / "out/observed-lyapunov-1.json");
  CHECK(v.at("exponents")[0] == Approx(.4193).margin(.02));
  CHECK(v.at("exponents")[1] == Approx(-1.6233).margin(.02));
  for (const char* file : {"report.html", "lyapunov.csv", "config.toml"})
    CHECK(std::filesystem::file_size(folder / "out/" + file) > 0);
}

TEST_CASE("sequences without inputs start apart with --spread, and from one state without") {
  TempFolder folder;
  for (const char* spread : {"0", ".1"}) {
    observed(folder / spread, {"--cell", "henon", "--measure", "lyapunov", "--free", "--hidden", "1", "--length", "100",
                               "--rows", "3", "--spread", spread});
    const std::vector<double> rows =
        Values::read(std::string(folder / spread) + "/observed-lyapunov-1.json").at("of_rows");
    REQUIRE(rows.size() == 6);
    CHECK((rows[0] == rows[2]) == (spread == std::string("0")));
  }
}

TEST_CASE("the initial weights of ebb observe are drawn in float64: an orthogonal linear cell keeps every length") {
  TempFolder folder;
  observed(folder / "out", {"--cell", "rnn:activation=linear,recurrent=orthogonal", "--measure", "lyapunov", "--free",
                            "--hidden", "16", "--length", "100", "--rows", "1"});
  const Values v = Values::read(folder / "out/observed-lyapunov-1.json");
  for (const double x : v.at("exponents")) CHECK(std::abs(x) < 1e-12);
}

TEST_CASE("ebb observe measures trained weights and says what it cannot measure", "[slow]") {
  TempFolder folder;
  REQUIRE(ebb_command({"train", "adding", "--cell", "gru", "--quick", "--steps", "3", "--out", folder / "run"}).code ==
          0);
  const json s = observed(folder / "out", {folder / "run"});
  const json& of = s["subjects"]["gru (run)"];
  CHECK(of["cell"] == "gru");
  CHECK(of["task"] == "adding");
  CHECK(of["norms"]["per_step"].get<double>() < 0);
  CHECK(of["lyapunov"]["difference"].get<double>() < 1e-8);
  const json free = observed(folder / "free", {"--weights", folder / "run/weights.safetensors", "--free"});
  CHECK(free["subjects"]["gru"]["norms"]["not measured"].get<std::string>().find("needs the task's data") !=
        std::string::npos);
}

TEST_CASE("ebb observe keeps apart models of one name") {
  TempFolder folder;
  for (const char* run : {"a/run", "b/run"})
    REQUIRE(ebb_command({"train", "adding", "--cell", "gru", "--quick", "--steps", "1", "--out", folder / run}).code ==
            0);
  const json s = observed(folder / "out", {folder / "a/run", folder / "b/run", "--measure", "norms"});
  CHECK(s["subjects"]["gru (run)"].contains("norms"));
  CHECK(s["subjects"]["gru (run) [2]"].contains("norms"));
}

TEST_CASE("what a measure cannot do is stated, and no failure unless it is named") {
  using Catch::Matchers::Contains;
  TempFolder folder;
  const json all = observed(folder / "all", {"--cell", "gaussian", "--hidden", "4", "--length", "15"});
  const json& of = all["subjects"]["gaussian"];
  CHECK_THAT(of["fixed_points"]["not measured"].get<std::string>(), Contains("draws random numbers in its step"));
  CHECK_THAT(of["lyapunov"]["not measured"].get<std::string>(), Contains("15 steps are too few"));
  CHECK_THAT(error_of({"--cell", "gaussian", "--measure", "fixed_points"}), Contains("draws random numbers"));
  CHECK_THAT(error_of({"--cell", "lstm", "--measure", "lyapunov", "--length", "16"}), Contains("need a step each"));
  observed(folder / "least", {"--cell", "rnn", "--hidden", "2", "--measure", "lyapunov", "--length", "17"});
}

TEST_CASE("a measure follows fewer steps and sequences by default, and as many as the user names") {
  using ebb::app::observe::Amount;
  const Amount less = Amount{}.by_default(200, 2);
  CHECK(std::pair(less.steps, less.rows) == std::pair(200, 2));
  const Amount all = Amount{.steps = 900, .rows = 8, .steps_chosen = true, .rows_chosen = true}.by_default(200, 2);
  CHECK(std::pair(all.steps, all.rows) == std::pair(900, 8));

  TempFolder folder;
  const json s = observed(
      folder / "out", {"--cell", "rnn", "--hidden", "2", "--measure", "sensitivity", "--length", "210", "--rows", "5"});
  CHECK(s["subjects"]["rnn"]["sensitivity"]["steps"] == 210);
  CHECK_THAT(read_all(folder / "out/report.html"),
             Catch::Matchers::Contains("Means over 5 sequences of 210 steps of the test split of adding."));
}

TEST_CASE("a quote in the name of a run is doubled in the CSV") {
  TempFolder folder;
  const std::string run = folder / "a\"b";
  REQUIRE(ebb_command({"train", "adding", "--cell", "gru", "--quick", "--steps", "1", "--out", run}).code == 0);
  observed(folder / "out", {run, "--measure", "lyapunov"});
  std::ifstream file(folder / "out/lyapunov.csv");
  std::string head, line;
  std::getline(file, head);
  std::getline(file, line);
  CHECK(head == "subject,value,index,number");
  CHECK(line.rfind("\"gru (a\"\"b)\",\"", 0) == 0);
}

TEST_CASE("ebb observe extrapolates the exponents of a network to those of infinite width", "[slow]") {
  TempFolder folder;
  const Outcome o = ebb_command({"observe", "--quick", "--cell", "tanhmap:g=3", "--free", "--measure", "lyapunov",
                                 "--hidden", "32,64,128", "--length", "200", "--rows", "2", "--spread", ".5", "--seeds",
                                 "2", "--out", folder / "out"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  const json s = summary_of(folder / "out");
  CHECK(s["subjects"].size() == 6);
  CHECK(s["subjects"]["tanhmap:g=3, 64 units, seed 2"]["state_size"] == 64);
  struct Known {
    const char* name;
    double mean_field, largest_error;
  };
  for (const Known& k : {Known{"λ₁", .31025, .05},
                         {"mean λ", -2.27281, .3},
                         {"share of λ > 0", .1529, .05},
                         {"dimension / S", .2877, .08}}) {
    INFO(k.name);
    const json& limit = s["limits"]["tanhmap:g=3"][k.name];
    const double error = limit["error"].get<double>();
    CHECK(error < k.largest_error);
    CHECK(std::abs(limit["value"].get<double>() - k.mean_field) < 4 * error);
  }
  const std::string csv = read_all(folder / "out/lyapunov-limits.csv");
  CHECK(csv.find("\"tanhmap:g=3\",\"mean λ\",-2.") != std::string::npos);
}

TEST_CASE("ebb observe --directions follows the leading ones and reports what all have in common") {
  TempFolder folder;
  const std::vector<std::string> words{"--cell",   "tanhmap:g=3", "--free",   "--measure", "lyapunov", "--rows", "1",
                                       "--length", "400",         "--spread", ".5",        "--hidden", "40,60"};
  const auto with = [&](const char* name, std::vector<std::string> more) {
    more.insert(more.end(), words.begin(), words.end());
    return observed(folder / name, more)["subjects"];
  };
  with("all", {});
  const auto of = [&](const char* name, int k) {
    return Values::read(fmt::format("{}/observed-lyapunov-{}.json", folder / name, k));
  };
  with("half", {"--directions", "50%"});
  for (const int k : {1, 2}) {
    const Values all = of("all", k), half = of("half", k);
    CHECK(half.at("exponents").size() == (k == 1 ? 20 : 30));
    CHECK(half.at("mean")[0] == Approx(all.at("mean")[0]).epsilon(1e-11));
    CHECK(std::isnan(half.number("difference")));
    for (const char* name : {"dimension", "entropy_rate", "positive_share"}) {
      INFO(name);
      CHECK(std::abs(half.at(name)[0] - all.at(name)[0]) <= 3 * (half.at(name)[1] + all.at(name)[1]));
    }
  }
  const json few = with("few", {"--directions", "1", "--determinants", "0"});
  CHECK(of("few", 1).at("exponents").size() == 1);
  CHECK(std::isnan(of("few", 1).at("mean")[0]));
  CHECK(std::isnan(of("few", 1).at("dimension")[0]));
  CHECK(read_all(folder / "few/report.html").find("≥ 1") != std::string::npos);
}

TEST_CASE("ebb observe --remedy observes the weights with which training begins, besides the untreated ones") {
  TempFolder folder;
  const std::string run = folder / "run";
  REQUIRE(ebb_command({"train", "adding", "--cell", "rnn", "--quick", "--steps", "1", "--lr", "1e-12", "--remedy",
                       "flossing:5", "--out", run})
              .code == 0);  // its only update is of no size
  const auto exponents = [&](const char* name, std::vector<std::string> more, int k) {
    more.insert(more.end(), {"--measure", "lyapunov", "--rows", "1", "--length", "60"});
    const json s = observed(folder / name, more);
    if (k == 2) CHECK(s["subjects"]["rnn + flossing:5"]["remedy"] == "flossing:5");
    return Values::read(fmt::format("{}/observed-lyapunov-{}.json", folder / name, k)).at("exponents");
  };
  const std::vector<std::string> words{"--cell", "rnn", "--task", "adding", "--remedy", "none,flossing:5"};
  const std::vector<double> trained = exponents("trained", {run}, 1), treated = exponents("both", words, 2),
                            untreated = Values::read(folder / "both/observed-lyapunov-1.json").at("exponents");
  REQUIRE(treated.size() == trained.size());
  for (std::size_t i = 0; i < trained.size(); ++i) CHECK(treated[i] == Approx(trained[i]).margin(1e-6));
  CHECK(std::abs(untreated[0] - trained[0]) > 1e-4);
  std::set<std::string> styles;
  for (const auto& plot : plots_of(read_all(folder / "both/report.html")))
    for (const auto& line : plot.value("series", json::array()))
      if (line.value("name", "").find("rnn") == 0)
        styles.insert(line["light"].dump() + line["dash"].dump() + line["marker"].dump());
  CHECK(styles.size() == 2);  // the treated cell is not drawn like the untreated one
  std::filesystem::remove(folder / "both/observed-lyapunov-2.json");
  REQUIRE(ebb_command({"observe", "--resume", folder / "both"}).code == 0);
  CHECK(Values::read(folder / "both/observed-lyapunov-2.json").at("exponents") == treated);
}

TEST_CASE("ebb observe --remedy rejects a remedy that it cannot show, with the command that does") {
  using Catch::Matchers::Contains;
  TempFolder folder;
  const auto refused = [](const std::string& remedy) {
    return error_of({"--cell", "rnn", "--task", "adding", "--remedy", remedy});
  };
  for (const char* late : {"omega:4", "clip:1", "flossing:0,every=5"}) {
    const std::string text = refused(late);
    CHECK_THAT(text, Contains("the remedy '" + std::string(late) + "' acts only in updates of training"));
    CHECK_THAT(text, Contains("`ebb vanish --tasks adding --cells rnn --remedy none," + std::string(late) + "`"));
    CHECK_THAT(text, Contains("--observe lyapunov"));
  }
  CHECK_THAT(refused("flossing:3+clip:1"), Contains("the remedy 'clip:1' acts only"));
  CHECK_THAT(refused("flosing"), Contains("did you mean 'flossing'"));
  CHECK_THAT(refused("flossing:exponents=9999"), Contains("exponents must be at most"));
  CHECK_THAT(error_of({folder / "", "--remedy", "flossing"}), Contains("belongs to their training"));
}

TEST_CASE("ebb observe finds the saddle-nodes of Pascanu's unit by one command", "[slow]") {
  TempFolder folder;
  const json s = observed(folder / "out", {"--cell", "saddle:w=5", "--hidden", "1", "--free", "--vary", "b=-3:-2",
                                           "--measure", "bifurcations"});
  CHECK(s["subjects"].contains("saddle:w=5"));
  const Values v = Values::read(folder / "out/observed-bifurcations-1.json");
  REQUIRE(v.at("at").size() == 2);
  CHECK(v.at("at")[0] == Approx(-2.65561).epsilon(0).margin(1e-5));
  CHECK(v.at("at")[1] == Approx(-2.34439).epsilon(0).margin(1e-5));
  CHECK(v.at("below") == std::vector<double>{1, 3});
  CHECK(v.at("above") == std::vector<double>{3, 1});
}

TEST_CASE("a trained flip-flop has a stable fixed point for each of its memories, and saddles between them",
          "[science]") {
  TempFolder folder;
  for (const char* cell : {"rnn", "gru"}) {
    INFO(cell);
    const std::string run = folder / cell;
    REQUIRE(ebb_command({"train", "flipflop", "--bits", "2", "--cell", cell, "--hidden", "8", "--length", "24",
                         "--batch", "32", "--steps", "500", "--lr", "1e-2", "--out", run})
                .code == 0);
    observed(run + "-observed", {run, "--measure", "fixed_points", "--free", "--rows", "16", "--length", "24"});
    const Values v = Values::read(run + "-observed/observed-fixed_points-1.json");
    const std::vector<double>&unstable = v.at("points.unstable"), &q = v.at("points.q");
    CHECK(std::count(unstable.begin(), unstable.end(), 0.0) == 4);  // 2 bits
    CHECK(std::count(unstable.begin(), unstable.end(), 1.0) >= 4);  // one between each two neighbours
    for (const double x : q) CHECK(x < 1e-24);
  }
}

TEST_CASE("ebb observe --export writes the Jacobians from which its spectra were computed") {
  TempFolder folder;
  observed(folder / "out",
           {"--cell", "henon", "--hidden", "1", "--free", "--measure", "jacobians", "--export", "30", "--rows", "2"});
  const std::vector<ebb::NamedArray> all = ebb::read_safetensors(folder / "out/jacobians-1.safetensors");
  const auto named = [&](const std::string& name) {
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& a) { return a.name == name; });
    REQUIRE(found != all.end());
    return found->values;
  };
  const ebb::Array J = named("jacobians"), s = named("states");
  CHECK(J.shape() == ebb::Shape{30, 2, 2, 2});
  CHECK(s.shape() == ebb::Shape{31, 2, 2});
  for (const int t : {0, 17, 29}) {
    CHECK(J.at({t, 1, 0, 0}) == Approx(-2.8 * s.at({t, 1, 0})));
    CHECK(J.at({t, 1, 1, 0}) == .3);
  }
  CHECK(named("exponents").at({0, 0}) + named("exponents").at({0, 1}) == Approx(std::log(.3)).epsilon(1e-13));
}

TEST_CASE("Ctrl-C ends a measurement at its next step, and --resume makes it again") {
  TempFolder folder;
  const std::string measure =
      GENERATE("norms", "gates", "lyapunov", "jacobians", "map", "fixed_points", "sensitivity", "newton");
  CAPTURE(measure);
  const std::string results = folder / ("out/observed-" + measure + "-1.json");
  const bool by_lag = measure == "norms";
  const std::string option = by_lag ? "--lags" : "--length", steps = by_lag ? "199" : "200";
  const std::vector<std::string> words{"observe",  "--quick", "--seeds",   "1",           "--cell", "test-stops",
                                       "--hidden", "8",       "--measure", measure,       option,   steps,
                                       "--rows",   "1",       "--out",     folder / "out"};
  Stops::after = 900;  // of which the trial of the cell takes 800
  Stops::late = 0;
  const Outcome o = ebb_command(words);
  INFO(o.err);
  CHECK(o.code == 130);
  CHECK_THAT(o.out, Catch::Matchers::Contains("to resume: ebb observe --resume"));
  CHECK(Stops::after == 0);
  CHECK(Stops::late == 0);
  CHECK_FALSE(std::filesystem::exists(results));
  Stops::after = -1;
  CHECK(ebb_command({"observe", "--resume", folder / "out"}).code == 0);
  CHECK(std::filesystem::exists(results));
}

TEST_CASE("ebb observe prints a line for each measurement, for a log file") {
  using Catch::Matchers::Contains;
  TempFolder folder;
  const Outcome o = ebb_command({"observe", "--quick", "--seeds", "2", "--cell", "rnn", "--measure", "gates", "--free",
                                 "--length", "60", "--lags", "5", "--threads", "1", "--out", folder / "out"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  CHECK_THAT(o.out, Contains("1 of 2  gates, rnn, seed 1: ") && Contains("2 of 2  gates, rnn, seed 2: "));
  const Outcome again = ebb_command({"observe", "--resume", folder / "out"});
  CHECK_THAT(again.out, Contains("1 of 2  gates, rnn, seed 1: from the earlier run"));
}

TEST_CASE("ebb observe --resume repeats no completed measure and gives the same results") {
  TempFolder folder;
  const std::vector<std::string> words{"--cell", "rnn,lstm", "--measure", "lyapunov,norms"};
  const json first = observed(folder / "out", words);
  const std::string kept = folder / "out/observed-lyapunov-1.json";
  Values marked = Values::read(kept);
  marked["sum"] = {-12345};  // shows that the file was read
  std::ofstream(kept) << marked.json();
  std::filesystem::remove(folder / "out/observed-norms-2.json");
  const Outcome o = ebb_command({"observe", "--resume", folder / "out"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  const json again = summary_of(folder / "out");
  CHECK(again["subjects"]["rnn"]["lyapunov"]["sum"] == -12345);
  CHECK(again["subjects"]["lstm"] == first["subjects"]["lstm"]);
}

}  // namespace observe_test
