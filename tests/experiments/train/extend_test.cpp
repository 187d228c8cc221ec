#include <ebb/experiments/train/train_fields.hpp>

#include "catch.hpp"
#include "run_ebb.hpp"

namespace extend_test {

namespace {

using Catch::Matchers::Contains;

Outcome trained(const std::string& out, const std::vector<std::string>& more) {
  std::vector<std::string> words{"train", "chars", "--quick", "--hidden", "6", "--length",
                                 "7",     "--out", out,       "--clip",   ".5"};
  words.insert(words.end(), more.begin(), more.end());
  return ebb_command(words);
}
Outcome resumed(const std::string& folder, const std::vector<std::string>& more) {
  std::vector<std::string> words{"train", "--resume", folder};
  words.insert(words.end(), more.begin(), more.end());
  return ebb_command(words);
}

/// Without its seconds and validations, which follow a twentieth of the run.
std::vector<std::string> curve_of(const std::string& folder) {
  std::vector<std::string> lines;
  std::istringstream in(read_all(folder + "/curve.csv"));
  for (std::string line; std::getline(in, line);) {
    const std::size_t a = line.find(','), b = line.find(',', a + 1), c = line.rfind(',');
    lines.push_back(line.substr(0, a) + line.substr(b, c - b));
  }
  return lines;
}

}  // namespace

TEST_CASE("ebb train --resume --steps extends a run to that of as many updates from the start, to the bit") {
  TempFolder f;
  REQUIRE(trained(f / "whole", {"--steps", "30", "--seeds", "1"}).code == 0);
  REQUIRE(trained(f / "run", {"--steps", "12", "--seeds", "1"}).code == 0);
  const Outcome o = resumed(f / "run", {"--steps", "30"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  CHECK_THAT(o.out, Contains("seed 1: from 12 to 30 updates") && Contains("seed 1: resuming after 12 updates"));
  CHECK(read_all(f / "run/weights.safetensors") == read_all(f / "whole/weights.safetensors"));
  CHECK(curve_of(f / "run") == curve_of(f / "whole"));
  CHECK(summary_of(f / "run")["runs"]["1"]["loss"] == summary_of(f / "whole")["runs"]["1"]["loss"]);
  CHECK_THAT(read_all(f / "run/config.toml"), Contains("steps = 30"));
  CHECK(resumed(f / "run", {}).code == 0);  // with the new number
  CHECK(read_all(f / "run/weights.safetensors") == read_all(f / "whole/weights.safetensors"));
}

TEST_CASE("a run is not resumed with fewer updates than it has made, nor extended after early stopping") {
  TempFolder f;
  REQUIRE(trained(f / "run", {"--steps", "12"}).code == 0);
  const Outcome fewer = resumed(f / "run", {"--steps", "11"});
  CHECK(fewer.code == 2);
  CHECK(fewer.out.empty());
  CHECK_THAT(fewer.err, Contains("--steps 11: the run of seed 1 has made 12 updates already"));
  REQUIRE(ebb_command({"train", "adding", "--quick", "--steps", "60", "--lr", "1e-30", "--patience", "1", "--hidden",
                       "4", "--out", f / "stopped"})
              .code == 0);
  const auto before = summary_of(f / "stopped")["runs"]["1"];
  REQUIRE(before["stopped_early"] == true);
  const auto files = [&] {
    std::map<std::string, std::string> all;
    for (const auto& file : std::filesystem::recursive_directory_iterator(f / "stopped"))
      if (file.is_regular_file()) all[file.path().string()] = read_all(file.path().string());
    return all;
  };
  const auto as_it_was = files();
  const Outcome o = resumed(f / "stopped", {"--steps", "90"});
  CHECK(o.code == 2);
  CHECK_THAT(o.err, Contains("--steps 90 does not extend '") && Contains(" of 60 updates") && Contains("begin anew"));
  CHECK(files() == as_it_was);
  CHECK(resumed(f / "stopped", {"--steps", "60"}).code == 0);  // as planned
}

TEST_CASE("a folder that has no run is not resumed, and the nearest one that has is named") {
  TempFolder f;
  REQUIRE(trained(f / "run", {"--steps", "3"}).code == 0);
  std::filesystem::create_directories(f / "empty");
  for (const char* command : {"train", "vanish", "sweep"}) {
    const Outcome none = ebb_command({command, "--resume", f / "rum"}),
                  empty = ebb_command({command, "--resume", f / "empty"});
    CHECK(none.code == 2);
    CHECK_THAT(none.err,
               Contains("'" + (f / "rum") + "' is not the folder of a run; did you mean '" + (f / "run") + "'?"));
    CHECK_THAT(empty.err, Contains("'" + (f / "empty") + "' is not the folder of a run: it has no config.toml"));
  }
}

TEST_CASE("a schedule that --steps stretches is reported") {
  TempFolder f;
  REQUIRE(trained(f / "run", {"--steps", "12", "--schedule", "cosine"}).code == 0);
  CHECK_THAT(resumed(f / "run", {"--steps", "20"}).out,
             Contains("the updates so far followed the schedule cosine over 12, the others follow it over 20"));
}

TEST_CASE("early stopping is reported on the terminal, in the report and in the summary") {
  TempFolder f;
  const Outcome o = ebb_command({"train", "adding", "--quick", "--steps", "60", "--lr", "1e-30", "--patience", "1",
                                 "--hidden", "4", "--out", f / "run"});
  REQUIRE(o.code == 0);
  const auto ended = summary_of(f / "run")["runs"]["1"]["ended"].get<std::string>();
  CHECK_THAT(ended, Contains("stopped early, after ") && Contains("without improvement (--patience)"));
  CHECK_THAT(o.out, Contains("seed 1: " + ended));
  CHECK_THAT(read_all(f / "run/report.html"), Contains("Seed 1: " + ended));
}

TEST_CASE("a training is read back from JSON to the bit") {
  using namespace ebb::app;
  TrainRecord r{
      .curve = {{.step = 1, .loss = .1, .gradient_norm = INFINITY, .clipped = true, .seconds = .25, .lr = 1e-3},
                {.step = 2, .loss = 1.0 / 3, .valid = -7}},
      .clip_events = 1,
      .skipped = 1L << 40,
      .seconds = 2.5,
      .remedies = {{1, 0, .5}, {2, 1, -.5}},
      .diverged = "step 3: the loss is infinite"};
  const std::string text = json_of(r);
  const auto back = from_json<TrainRecord>(text, "file");
  CHECK(json_of(back) == text);
  REQUIRE(back.curve.size() == 2);
  CHECK((back.curve[0].clipped && std::isinf(back.curve[0].gradient_norm) && !back.curve[0].validated()));
  CHECK((back.curve[1].loss == 1.0 / 3 && back.curve[1].valid == -7 && !back.curve[1].clipped));
  CHECK((back.skipped == 1L << 40 && back.remedies.size() == 2 && back.remedies[1].value == -.5));
  CHECK(back.diverged == r.diverged);
}

}  // namespace extend_test
