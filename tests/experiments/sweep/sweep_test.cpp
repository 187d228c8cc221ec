#include <algorithm>
#include <sstream>

#include "catch.hpp"
#include "ebb_process.hpp"

// Sweeps run the program that they are part of, so they run as a process here.
namespace sweep_test {

using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

#ifdef EBB_COMMAND
const std::string small = "sweep train adding --quick --hidden 4 --length 8 --batch 4 --steps 20 --threads 2 ";

/// trials.csv without the seconds.
std::vector<std::string> lines_of(const std::string& folder) {
  std::istringstream in(read_all(folder + "/trials.csv"));
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line.substr(0, line.rfind(',')));
  return lines;
}

int runs_in(const std::string& folder) {
  using Iterator = std::filesystem::directory_iterator;
  return static_cast<int>(std::count_if(Iterator(folder + "/trials"), Iterator(), [](const auto& entry) {
    return std::filesystem::exists(entry.path() / "summary.json");
  }));
}
#endif

}  // namespace

#ifdef EBB_COMMAND
TEST_CASE("a sweep leaves a run for each trial, a page, and the best options, which train to the same weights") {
  const TempFolder f;
  const Outcome o = ebb_process(small + "--grid cell=rnn,gru --grid lr=1e-3:1e-1:log:3 --seeds 2 --out " + (f / "s"));
  INFO(o.out << o.err);
  REQUIRE(o.code == 0);
  CHECK(runs_in(f / "s") == 12);
  const json summary = summary_of(f / "s");
  CHECK(summary["trials"] == json::parse(R"({"all": 12, "ended": 12, "diverged": 0, "failed": 0})"));
  CHECK(summary["repeatable"] == true);
  CHECK(summary["utilisation"] > 0);
  CHECK_THAT(o.out, Contains("adding: 6 configurations of cell, lr with 2 seeds each"));

  // The best has the lowest mean validation, read from the trials' own files.
  std::map<std::string, double> sums;
  const json trials = json::parse(read_all(f / "s/trials.json"))["trials"];
  for (const json& t : trials) {
    std::istringstream curve(read_all(f / ("s/trials/" + t["trial"].get<std::string>() + "/curve.csv")));
    std::string last;
    for (std::string line; std::getline(curve, line);) last = line;
    const double valid = std::stod(last.substr(last.rfind(',') + 1));
    CHECK(t["valid"] == Approx(valid));
    sums[t["options"].dump()] += valid / 2;
  }
  const auto best =
      std::min_element(sums.begin(), sums.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  CHECK(summary["best"]["valid"] == Approx(best->second));
  CHECK(summary["best"]["options"]["cell"] == json::parse(best->first)["cell"]);

  const Outcome again = ebb_command({"train", "--config", f / "s/best.toml", "--out", f / "best"});
  INFO(again.err);
  REQUIRE(again.code == 0);
  CHECK(summary_of(f / "best")["options"]["cell"] == summary["best"]["options"]["cell"]);
  for (const json& t : trials)
    if (t["options"] == json::parse(best->first))
      CHECK(read_all(f / ("s/trials/" + t["trial"].get<std::string>() + "/weights.safetensors")) ==
            read_all(f / ("best/weights-" + std::to_string(t["seed"].get<int>()) + ".safetensors")));

  const auto figures = plots_of(read_all(f / "s/report.html"));
  REQUIRE(figures.size() == 2);
  CHECK(figures[0]["logX"] == true);
  CHECK(figures[1]["kind"] == "parallel");
}

TEST_CASE("the same sweep repeats, from the command line, from a file, and from its own configuration") {
  const TempFolder f;
  const std::string file =
      f.file("sweep.toml",
             "task = \"adding\"\nquick = true\nhidden = 4\nlength = 8\nbatch = 4\nsteps = 20\n"
             "seeds = 2\nthreads = 2\nrandom = 3\n[grid]\ncell = [\"rnn\", \"gru\"]\nlr = \"1e-3:1e-1:log\"\n");
  REQUIRE(
      ebb_process(small + "--grid cell=rnn,gru --grid lr=1e-3:1e-1:log --random 3 --seeds 2 --out " + (f / "a")).code ==
      0);
  const Outcome b = ebb_process("sweep " + file + " --out " + (f / "b"));
  INFO(b.err);
  REQUIRE(b.code == 0);
  REQUIRE(ebb_process("sweep --config " + (f / "b/config.toml") + " --out " + (f / "c")).code == 0);
  CHECK(lines_of(f / "a").size() == 7);
  CHECK(lines_of(f / "a") == lines_of(f / "b"));
  CHECK(lines_of(f / "a") == lines_of(f / "c"));
  CHECK(read_all(f / "a/best.toml") == read_all(f / "b/best.toml"));
  const Outcome other =
      ebb_process("sweep " + file + " --grid cell=rnn --random 2 --out " + (f / "d"));  // the command line counts
  REQUIRE(other.code == 0);
  CHECK(lines_of(f / "d").size() == 5);
  CHECK_THAT(read_all(f / "d/config.toml"), Contains("grid = \"cell=rnn; lr=1e-3:1e-1:log\""));
}

TEST_CASE(
    "a trial that fails is named with its error, the others end, and it is tried again when the sweep is resumed") {
  const TempFolder f;
  std::filesystem::create_directories(f / "s/trials");
  f.file("s/trials/002-.01-seed-1", "a file where the trial's folder should be");
  const Outcome o = ebb_process(small + "--grid lr=.001,.01,.1 --seeds 1 --force --out " + (f / "s"));
  INFO(o.out << o.err);
  CHECK(o.code == 1);
  CHECK_THAT(o.err, Contains("trial 002-.01-seed-1: ebb train: ") && Contains("it is a file, not a folder"));
  const json summary = summary_of(f / "s");
  CHECK(summary["trials"]["ended"] == 2);
  CHECK(summary["trials"]["failed"] == 1);
  CHECK_THAT(read_all(f / "s/trials.csv"), Contains("002-.01-seed-1,2,.01,1,failed,"));
  CHECK_THAT(read_all(f / "s/report.html"), Contains("Failed trials"));
  const auto began = std::filesystem::last_write_time(f / "s/trials/001-.001-seed-1/weights.safetensors");
  std::filesystem::remove(f / "s/trials/002-.01-seed-1");
  const Outcome again = ebb_process("sweep --resume " + (f / "s"));
  INFO(again.err);
  CHECK(again.code == 0);
  CHECK(summary_of(f / "s")["trials"]["ended"] == 3);
  CHECK(std::filesystem::last_write_time(f / "s/trials/001-.001-seed-1/weights.safetensors") == began);
}

TEST_CASE("a trial that diverges is counted, and its configuration is not the best") {
  const TempFolder f;
  const Outcome o = ebb_process(small + "--optimizer sgd --clip 0 --grid lr=1e-3,1e30 --seeds 1 --out " + (f / "s"));
  INFO(o.out << o.err);
  CHECK(o.code == 0);
  CHECK(summary_of(f / "s")["trials"]["diverged"] == 1);
  CHECK(summary_of(f / "s")["best"]["options"]["lr"] == "1e-3");
}

TEST_CASE("successive halving ends the best with the weights of a run that never stopped") {
  const TempFolder f;
  const std::string grid = "--grid lr=1e-3:1e-1:log:4 --seeds 2 --out ";
  REQUIRE(ebb_process(small + "--schedule cosine " + grid + (f / "whole")).code == 0);
  const Outcome o = ebb_process(small + "--schedule cosine --halving --eta 2 " + grid + (f / "half"));
  INFO(o.out << o.err);
  REQUIRE(o.code == 0);
  int ended = 0, paused = 0;
  const json trials = json::parse(read_all(f / "half/trials.json"))["trials"];
  for (const json& t : trials) {
    const std::string name = t["trial"];
    if (t["state"] == "ended") {
      ++ended;
      CHECK(t["updates"] == 20);
      CHECK(read_all(f / ("half/trials/" + name + "/weights.safetensors")) ==
            read_all(f / ("whole/trials/" + name + "/weights.safetensors")));
    } else {
      ++paused;
      CHECK(t["state"] == "paused");
      CHECK((t["updates"] == 5 || t["updates"] == 10));
    }
  }
  CHECK(ended == 2);
  CHECK(paused == 6);
}

TEST_CASE("asynchronous halving says that it does not repeat") {
  const TempFolder f;
  const Outcome o = ebb_process(small + "--asha --eta 2 --grid lr=1e-3:1e-1:log:4 --seeds 1 --out " + (f / "s"));
  INFO(o.out << o.err);
  REQUIRE(o.code == 0);
  CHECK(summary_of(f / "s")["repeatable"] == false);
  CHECK_THAT(read_all(f / "s/report.html"), Contains("does not repeat"));
}
#endif

TEST_CASE("what cannot be swept is rejected before a folder is made, with the cure") {
  const TempFolder f;
  const auto rejected = [&](std::vector<std::string> words, const std::string& message) {
    words.insert(words.begin(), {"sweep", "train", "adding", "--quick", "--out", f / "s"});
    const Outcome o = ebb_command(words);
    INFO(o.err);
    CHECK(o.code == 2);
    CHECK_THAT(o.err, Contains(message));
    CHECK(!f.has("s"));
  };
  rejected({}, "nothing to vary: give --grid NAME=VALUES");
  rejected({"--grid", "lrr=1,2"}, "--grid lrr: `ebb train` has no such option; did you mean 'lr'?");
  rejected({"--grid", "seed=1,2"}, "--seeds N trains every configuration with N seeds");
  rejected({"--grid", "threads=1,2"}, "cannot be varied");
  rejected({"--grid", "task=adding,chars"}, "a sweep has one task");
  rejected({"--grid", "lr=1e-3,1e-2", "--lr", "1"}, "--lr has a value of its own and is varied by --grid lr");
  rejected({"--grid", "lr=-1,1"}, "--lr must be above 0");
  rejected({"--grid", "cell=rnn,lstn"}, "did you mean 'lstm'?");
  rejected({"--grid", "hidden=1:8:3", "--length", "0"}, "--length must be");
  rejected({"--grid", "lr=1e-4:1e-2:log"}, "a grid needs the number of values");
  rejected({"--grid", "lr=1,2", "--halving"}, "--halving has nothing to choose from: 2 configurations");
  rejected({"--grid", "steps=10:20:5", "--halving"}, "so --grid steps cannot vary them");
  rejected({"--grid", "lr=1,2", "--halving", "--asha"}, "mutually exclusive");
  rejected({"--grid", "lr=1,2", "--random", "3"}, "only about 2 different configurations");
  const Outcome what = ebb_command({"sweep", "vanish"});
  CHECK(what.code == 2);
  CHECK_THAT(what.err, Contains("'vanish' cannot be swept: ebb sweep train TASK, or ebb sweep FILE.toml"));
  const Outcome file = ebb_command({"sweep", f.file("s.toml", "task = \"adding\"\n[grdi]\nlr = [1, 2]\n")});
  CHECK(file.code == 2);
  CHECK_THAT(file.err, Contains("line 3: 'lr' is not in a section of a command: [grdi]"));
}

TEST_CASE("a run that is paused ends after that update, and resumes to the same weights") {
  const TempFolder f;
  const std::vector<std::string> train{"train",   "adding", "--quick",    "--hidden", "4",
                                       "--steps", "20",     "--schedule", "cosine"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), train.begin(), train.end());
    return ebb_command(more);
  };
  REQUIRE(with({"--out", f / "whole"}).code == 0);
  const Outcome paused = with({"--pause-at", "7", "--out", f / "part"});
  INFO(paused.out << paused.err);
  CHECK(paused.code == 0);
  CHECK_THAT(paused.out, Contains("paused after update 7"));
  const json run = summary_of(f / "part")["runs"]["1"];
  CHECK(run["updates"] == 7);
  CHECK(run["interrupted"] == true);
  CHECK(run["loss"].is_null());
  CHECK(!f.has("part/weights.safetensors"));
  REQUIRE(ebb_command({"train", "--resume", f / "part", "--pause-at", "13"}).code == 0);
  CHECK(summary_of(f / "part")["runs"]["1"]["updates"] == 13);
  REQUIRE(ebb_command({"train", "--resume", f / "part"}).code == 0);
  CHECK(read_all(f / "part/weights.safetensors") == read_all(f / "whole/weights.safetensors"));
  CHECK(summary_of(f / "part")["runs"]["1"]["interrupted"] == false);
}

}  // namespace sweep_test
