#include <csignal>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/train/checkpoint.hpp>
#include <ebb/nn/files/archive.hpp>
#include <ebb/ops/isa.hpp>
#include <ebb/optim/optimizer_list.hpp>

#include "catch.hpp"
#include "goes_on.hpp"
#include "train_quick.hpp"

namespace resume_test {

namespace {

using namespace ebb;
using namespace ebb::app;

Outcome resumed(const std::string& folder, std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"train", "--resume", folder});
  return ebb_command(more);
}

std::vector<std::string> small_run(const std::string& out) {
  return {"train", "adding", "--quick", "--steps", "9", "--hidden", "4", "--length", "6", "--out", out};
}

}  // namespace

TEST_CASE("a resumed run is bitwise identical with every optimiser") {
  for (const OptimizerEntry* entry : Registry<OptimizerEntry>::list()) {
    const std::string rule = entry->name;
    if (std::string(entry->about).find("made by the tests") != std::string::npos) continue;
    const double lr = rule == "adadelta" ? 1 : .01;
    goes_on("adding", "gru",
            {.hidden = 4, .length = 5, .batch = 4, .steps = 12, .lr = lr, .optimizer = rule, .schedule = "one-cycle"},
            {1, 7, 12});
  }
}

TEST_CASE("a resumed run is bitwise identical with every cell", "[slow]") {
  for (const CellInfo& cell : cell_list()) {
    if (cell.about.find("made by the tests") != std::string::npos) continue;  // they are there to fail
    goes_on("adding", cell.name, {.hidden = 4, .length = 5, .batch = 4, .steps = 6, .lr = .01}, {3});
    goes_on("chars", cell.name, {.hidden = 4, .length = 5, .batch = 3, .steps = 6, .lr = .01, .zoneout = .1}, {2});
  }
}

TEST_CASE("a resumed run with carried state, wrappers, layers and patience is bitwise identical", "[slow]") {
  goes_on("chars", "lstm",
          {.hidden = 6,
           .length = 7,
           .batch = 5,
           .steps = 20,
           .lr = .02,
           .layers = 2,
           .dropout = .2,
           .zoneout = .1,
           .patience = 30},
          {1, 6, 19, 20});
}

TEST_CASE("a run that ended by patience stays ended when resumed, and restores the best weights") {
  TaskSettings s{.hidden = 4, .length = 5, .batch = 8, .steps = 400, .lr = 0, .patience = 2};
  goes_on("adding", "rnn", s, {1, 30, 79, 80});
}

TEST_CASE("a resumed run writes the same files as an uninterrupted one") {
  TempFolder folder;
  auto words = small_run(folder / "out");
  words.insert(words.end(), {"--seeds", "2", "--checkpoint-every", "4"});
  REQUIRE(ebb_command(words).code == 0);
  std::filesystem::copy(folder / "out", folder / "whole", std::filesystem::copy_options::recursive);
  std::filesystem::remove(folder / "out/checkpoint-2");  // as if killed before it
  std::filesystem::remove(folder / "out/weights-2.safetensors");
  write_all(folder / "out/weights-2.safetensors.17.0.tmp", "half");
  const Outcome o = resumed(folder / "out", {"--threads", "1"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  CHECK_THAT(o.out, Catch::Matchers::Contains("seed 1: resuming after 9 updates") &&
                        !Catch::Matchers::Contains("seed 2: 0 updates"));
  for (const char* file : {"weights-1.safetensors", "weights-2.safetensors", "curve-1.csv"})
    CHECK(read_all(folder / ("out/" + std::string(file))) == read_all(folder / ("whole/" + std::string(file))));
  CHECK(!folder.has("out/weights-2.safetensors.17.0.tmp"));
  auto a = summary_of(folder / "whole"), b = summary_of(folder / "out");
  for (auto* s : {&a, &b}) {
    s->erase("seconds");
    s->erase("started");
    (*s)["options"].erase("threads");
    for (const char* seed : {"1", "2"}) {
      (*s)["runs"][seed].erase("seconds");
      (*s)["runs"][seed].erase("speed");
    }
  }
  CHECK(a == b);
}

TEST_CASE("a run is resumed with its own options only") {
  TempFolder folder;
  REQUIRE(ebb_command(small_run(folder / "out")).code == 0);
  check_rejected(resumed(folder / "out", {"--lr", "0.5"}),
                 "--lr is 0.01 in '" + folder / "out" + "/config.toml', not 0.5");
  check_rejected(resumed(folder / "out", {"chars"}), "TASK is adding in");
  check_rejected(resumed(folder / "out", {"--out", folder / "other"}), "continues in the run's own folder");
  check_rejected(resumed(folder / "missing"), "missing' is not the folder of a run");
  CHECK(resumed(folder / "out", {"adding", "--lr", "0.01", "--out", folder / "out"}).code == 0);
  CHECK(!folder.has("other"));
}

TEST_CASE("a run of a task that this program does not have is rejected by the task's name, not by its options") {
  TempFolder folder;
  std::filesystem::create_directory(folder / "out");
  for (const char* more : {"", "last = 3\n"}) {
    write_all(folder / "out/config.toml", std::string("task = \"mem\"\ncell = \"gru\"\n") + more);
    const std::string why =
        "out/config.toml', line 1: this program has no task 'mem': use the program that was built with that task, or "
        "add the task's file to this one with ebb_add_cells (docs/install.md)";
    check_rejected(resumed(folder / "out"), why);
    check_rejected(ebb_command({"train", "--config", folder / "out/config.toml"}), why);
  }
}

TEST_CASE("a run without a checkpoint starts from its first update, unless its weights are finished") {
  TempFolder folder;
  REQUIRE(ebb_command(small_run(folder / "out")).code == 0);
  const std::string weights = read_all(folder / "out/weights.safetensors");
  std::filesystem::remove(folder / "out/checkpoint");
  check_rejected(resumed(folder / "out"), "out', but the weights of a run that has ended");
  std::filesystem::remove(folder / "out/weights.safetensors");
  const Outcome o = resumed(folder / "out");
  INFO(o.err);
  CHECK(o.code == 0);
  CHECK_THAT(o.out, Catch::Matchers::Contains("out': starting from the first update"));
  CHECK(read_all(folder / "out/weights.safetensors") == weights);
}

TEST_CASE("resuming with an edited text is rejected, even if its length is unchanged") {
  TempFolder folder;
  std::string text;
  for (int k = 0; k < 1000; ++k) text += "ab\n";
  write_all(folder / "text", text);
  REQUIRE(ebb_command({"train", "chars", "--quick", "--steps", "3", "--text", folder / "text", "--out", folder / "out"})
              .code == 0);
  CHECK(resumed(folder / "out").code == 0);
  std::swap(text[0], text[1]);
  write_all(folder / "text", text);
  check_rejected(resumed(folder / "out"), "CRC-32C", true);
}

TEST_CASE("resuming with a damaged configuration is rejected by its name") {
  TempFolder folder;
  REQUIRE(ebb_command(small_run(folder / "out")).code == 0);
  const std::string path = folder / "out/config.toml", config = read_all(path);
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string damaged = config;
    REQUIRE(damaged.find(from) != std::string::npos);
    write_all(path, damaged.replace(damaged.find(from), from.size(), to));
    const Outcome o = resumed(folder / "out");
    INFO(to << ": " << o.err);
    CHECK(o.code == 2);
    CHECK_THAT(o.err, Catch::Matchers::Contains(path));
  };
  with("cell = \"lstm\"", "cell = \"lsxm\"");
  with("task = \"adding\"", "task = \"ad\xff\"");
  with("hidden = 4", "hidden = 0");
  with("hidden = 4", "hidden = \"4");
  with("optimizer = \"adam\"", "optimizer = \"adm\"");
  with("layers = 1", "layers = 1e999");
  with("lr = 0.01", "lr = [0.01");
  with("steps = 9", "steps = -9");
  write_all(path, "\xff\xfet\0a\0");
  CHECK_THAT(resumed(folder / "out").err, Catch::Matchers::Contains(path));
}

TEST_CASE("two jobs cannot write to one folder") {
  TempFolder folder;
  RunFolder first{folder / "out", false};
  first.create();
  first.lock();
  auto words = small_run(folder / "out");
  words.push_back("--force");
  check_rejected(ebb_command(words), "is in use: another run is writing into it");
  first = {};
  CHECK(ebb_command(words).code == 0);
}

TEST_CASE("a checkpoint of another run in the same folder is not mistaken for this run's") {
  TempFolder folder;
  auto words = small_run(folder / "out");
  REQUIRE(ebb_command(words).code == 0);
  words.insert(words.end(), {"--force", "--lr", "0.02"});
  REQUIRE(ebb_command(words).code == 0);
  CHECK(resumed(folder / "out").code == 0);
}

TEST_CASE("a folder of another command is rejected with the command that wrote it") {
  TempFolder folder;
  REQUIRE(ebb_command({"vanish", "--quick", "--tasks", "adding", "--cells", "rnn", "--steps", "0", "--lags", "20",
                       "--seeds", "1", "--out", folder / "out"})
              .code == 0);
  const std::string out = folder / "out", writer = "'" + out + "' was written by `ebb vanish`, but a folder of `ebb ";
  for (const bool summary : {true, false}) {  // of a job that was killed there may be none
    if (!summary) std::filesystem::remove(out + "/summary.json");
    check_rejected(resumed(out), writer + "train` is expected");
    check_rejected(ebb_command({"observe", out, "--quick", "--out", folder / "new"}), writer + "train` is expected");
    check_rejected(ebb_command({"observe", "--resume", out}), writer + "observe` is expected");
  }
  CHECK_FALSE(std::filesystem::exists(folder / "new"));
}

TEST_CASE("a checkpoint of another run, or a truncated one, is rejected by name and left unchanged") {
  TempFolder folder;
  REQUIRE(ebb_command(small_run(folder / "out")).code == 0);
  const std::string path = folder / "out/checkpoint", bytes = read_all(path);
  const auto with = [&](const std::string& content, const std::string& message) {
    write_all(path, content);
    const Outcome o = resumed(folder / "out");
    check_rejected(o, message, true);
    const std::string again = "ebb train --config " + std::string(folder / "out") + "/config.toml --out ANOTHER";
    CHECK_THAT(o.err, Catch::Matchers::Contains("cannot be resumed from this checkpoint: to train again, " + again));
    CHECK_THAT(o.err, !Catch::Matchers::Contains("to resume: "));  // which would fail again
    CHECK(read_all(path) == content);
  };
  with(bytes.substr(0, bytes.size() / 2), "out/checkpoint");
  std::string altered = bytes;
  altered[bytes.size() - 3] ^= 1;
  with(altered, "out/checkpoint");
  with("", "out/checkpoint");
  with(read_all(folder / "out/weights.safetensors"), "out/checkpoint");
  REQUIRE(ebb_command({"train", "chars", "--quick", "--steps", "3", "--out", folder / "chars"}).code == 0);
  with(read_all(folder / "chars/checkpoint"), "task");
  write_all(path, bytes);
  const std::string config = read_all(folder / "out/config.toml");
  write_all(folder / "out/config.toml", config + "\n[train]\nzoneout = 0.5\n");
  check_rejected(resumed(folder / "out"), "zoneout");
  std::string other = config;
  other.replace(other.find("lr = 0.01"), 9, "lr = 0.02");
  write_all(folder / "out/config.toml", other);
  check_rejected(resumed(folder / "out"), "'option lr': is '0.01' in the file and '0.02' here", true);
  write_all(folder / "out/config.toml", config);
  CHECK(resumed(folder / "out").code == 0);
}

TEST_CASE("a run resumed with another instruction set's kernels reports and records it") {
  TempFolder folder;
  auto words = small_run(folder / "out");
  words.insert(words.end(), {"--seeds", "2"});
  REQUIRE(ebb_command(words).code == 0);
  const std::string here = name_of(isa());
  CHECK(summary_of(folder / "out")["instruction_set"] == here);
  CHECK_THAT(read_all(folder / "out/config.toml"), Catch::Matchers::Contains(here + " kernels"));
  const Outcome same = resumed(folder / "out");
  CHECK(same.code == 0);
  CHECK(same.err.empty());
  // As if another machine had begun it: the checkpoint as it is, but for that.
  Origin origin{.task = "adding", .cell = "lstm", .data = {}, .options = {}, .seed = 1, .instruction_set = "other"};
  int runs = 0;
  TrainPart part{[&](Archive& a) { a("runs", runs); }};
  ebb::save(folder / "one", origin, part);
  Origin read{.task = "adding", .cell = "lstm", .data = {}, .options = {}, .seed = 1, .instruction_set = here};
  ebb::load(folder / "one", read, part);
  CHECK(read.instruction_set == "other");
}

}  // namespace resume_test
