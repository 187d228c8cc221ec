#include <ebb/experiments/studies/observe/values.hpp>
#include <filesystem>
#include <limits>

#include "catch.hpp"
#include "run_ebb.hpp"

using ebb::app::observe::Values;
using nlohmann::json;

namespace {

json observed(const std::string& folder, std::vector<std::string> more, int code = 0) {
  std::vector<std::string> words{"observe", "--quick", "--seeds", "1", "--out", folder};
  words.insert(words.end(), more.begin(), more.end());
  const Outcome o = ebb_command(words);
  INFO(o.err);
  REQUIRE(o.code == code);
  return summary_of(folder);
}

std::string error_of(std::vector<std::string> more) {
  std::vector<std::string> words{"observe", "--quick"};
  words.insert(words.end(), more.begin(), more.end());
  const Outcome o = ebb_command(words);
  CHECK(o.code == 2);
  return o.err;
}

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

TEST_CASE("ebb observe measures trained weights and says what it cannot measure") {
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

TEST_CASE("ebb observe rejects bad input before any work") {
  using Catch::Matchers::Contains;
  TempFolder folder;
  CHECK_THAT(error_of({}), Contains("name what to observe"));
  CHECK_THAT(error_of({"--cell", "lstn"}), Contains("did you mean 'lstm'"));
  CHECK_THAT(error_of({"--cell", "lstm", "--measure", "lyapunof"}), Contains("did you mean 'lyapunov'"));
  CHECK_THAT(error_of({folder / "nothing"}), Contains("nothing"));
  CHECK_THAT(error_of({"--cell", "lstm", "--measure", "norms", "--free"}), Contains("needs the task's data"));
  CHECK_THAT(error_of({"--cell", "lstm", "--task", "caption"}), Contains("caption"));
}
