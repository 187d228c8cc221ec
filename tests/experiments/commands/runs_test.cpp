#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/runs/difference.hpp>
#include <ebb/nn/files/weights.hpp>
#include <filesystem>

#include "../runs/made_runs.hpp"
#include "catch.hpp"
#include "run_ebb.hpp"
#include "train_quick.hpp"

namespace runs_command_test {

using Catch::Matchers::Contains;
using nlohmann::json;
namespace fs = std::filesystem;

Outcome runs(const TempFolder& folder, std::vector<std::string> words) {
  words.insert(words.begin(), "runs");
  words.insert(words.end(), {"--in", folder / "runs"});
  return ebb_command(words);
}

std::string trained(const TempFolder& folder, const std::string& name, std::vector<std::string> more) {
  more.insert(more.begin(),
              {"train", "adding", "--quick", "--hidden", "4", "--steps", "12", "--out", folder / "runs/" + name});
  const Outcome o = ebb_command(more);
  INFO(o.err);
  REQUIRE(o.code == 0);
  return folder / "runs/" + name;
}

TEST_CASE("commands of a group have names of two words, with help and errors of their own") {
  CHECK_THAT(ebb_command({"--help"}).out, Contains("  runs "));
  const Outcome help = ebb_command({"runs", "--help"});
  CHECK(help.code == 0);
  CHECK_THAT(help.out, Contains("  list ") && Contains("  reproduce ") && !Contains("ebb vanish"));
  CHECK_THAT(ebb_command({"help", "runs", "list"}).out, Contains("--where") && Contains("Examples:"));
  CHECK(ebb_command({"runs", "list", "--help"}).out == ebb_command({"help", "runs", "list"}).out);
  check_rejected(ebb_command({"runs"}), "a command is missing after 'runs'; see ebb runs --help");
  check_rejected(ebb_command({"runs", "lits"}), "unknown command 'lits'; did you mean 'list'?");
  check_rejected(ebb_command({"rums"}), "unknown command 'rums'; did you mean 'runs'?");
  check_rejected(ebb_command({"runs", "list", "--wher", "x"}),
                 "ebb runs list: unknown option '--wher'; did you mean '--where'?");
  check_rejected(ebb_command({"runs", "list", "--checkpoint-every", "3"}), "see ebb runs list --help");
}

TEST_CASE("runs are listed as a table and as JSON, and errors name what is near") {
  const TempFolder folder;
  make_run(folder / "runs/first", {.cell = "gru", .valid = .25});
  make_run(folder / "runs/second", {.cell = "lstm", .status = "running", .valid = .125});
  const Outcome table = runs(folder, {"list", "--sort", "valid"});
  INFO(table.err);
  CHECK(table.code == 0);
  CHECK_THAT(table.out,
             Contains("run     status    command  task    cell   valid    loss  baseline  unit  updates  seconds\n"));
  CHECK_THAT(table.out, Contains("killed") && Contains("0.1250"));
  CHECK(table.out.find("second") < table.out.find("first"));
  const json list = json::parse(runs(folder, {"list", "--json", "--where", "cell = 'gru'"}).out);
  REQUIRE(list.size() == 1);
  CHECK(list[0]["valid"] == .25);
  CHECK(runs(folder, {"list", "--columns", "run,checkpoint-every", "--limit", "1"}).out ==
        "run    checkpoint_every\nfirst                 0\n... 1 more\n");
  CHECK(runs(folder, {"list", "--columns", "run,kept-update"}).out ==
        "run     kept_update\nfirst\nsecond\n");  // named, though no run has it
  CHECK_THAT(runs(folder, {"list", "--where", "cell = 'mgu'"}).out, Contains("no run meets the condition"));
  CHECK(runs(folder, {"list", "--columns", "run, valid", "--sort", "run"}).out ==
        "run      valid\nfirst   0.2500\nsecond  0.1250\n");
  check_rejected(runs(folder, {"list", "--where", "lr > '0.0001'"}), "lr is a number");
  CHECK(json::parse(runs(folder, {"list", "--json", "--where", "cell < 'h'"}).out).size() == 1);
  check_rejected(runs(folder, {"list", "--where", "valid between 1"}), "it is incomplete");
  check_rejected(runs(folder, {"list", "--where", "vaild < 3"}), "no run has a column 'vaild'; did you mean 'valid'?");
  check_rejected(runs(folder, {"list", "--columns", "hiden"}), "did you mean 'hidden'?");
  check_rejected(runs(folder, {"show", "frist"}), "did you mean 'first'?");
  CHECK(json::parse(runs(folder, {"show", "fi", "--json"}).out)["cell"] == "gru");
  CHECK_THAT(runs(folder, {"show", "first"}).out, Contains("cell") && Contains("curve.csv") && Contains("options\n"));
}

TEST_CASE("the table names the unit of the validation where it is another, and notes what has no order") {
  const TempFolder folder;
  make_run(folder / "runs/a", {.valid = .25});
  make_run(folder / "runs/b", {.valid = 68});
  CHECK(runs(folder, {"list", "--sort", "valid"}).err.empty());
  auto summary = summary_of(folder / "runs/b");
  summary["runs"]["1"]["validated_by"] = "word error rate";
  summary["runs"]["1"]["weights"] = 945.0;
  write_all(folder / "runs/b/summary.json", summary.dump());
  const Outcome o = runs(folder, {"list", "--sort=-valid"});
  CHECK_THAT(o.out, Contains("valid  valid_unit    loss  baseline  unit") && Contains("  %  "));
  CHECK_THAT(o.err, Contains("note: sorted by `valid`, although its measure is loss in 1 run and word error rate in 1 "
                             "run: choose one of them with --where, as in --where \"validated_by = '...'\""));
  CHECK(runs(folder, {"list", "--columns", "weights", "--sort", "weights"}).out == "weights\n    945\n\n");
}

TEST_CASE("tags and notes are added, shown and removed") {
  const TempFolder folder;
  make_run(folder / "runs/r");
  CHECK(runs(folder, {"tag", "r", "b", "a", "a"}).out == "r: a, b\n");
  CHECK(runs(folder, {"tag", "r", "c", "--remove", "a"}).out == "r: b, c\n");
  CHECK(json::parse(runs(folder, {"list", "--json", "--tag", "c"}).out).size() == 1);
  check_rejected(runs(folder, {"tag", "r", "--remove", "x"}), "'r' has no tag 'x'; it has b, c");
  check_rejected(runs(folder, {"tag", "r", "two words"}), "'two words' cannot be a tag");
  CHECK(runs(folder, {"note", "r", "too high"}).out == "too high\n");
  CHECK(runs(folder, {"note", "r"}).out == "too high\n");
  check_rejected(runs(folder, {"note", "r", ""}), "TEXT must not be empty; --clear removes the note");
  CHECK(runs(folder, {"note", "r", "--clear"}).out == "no note\n");
  CHECK(runs(folder, {"tag", "r", "--remove", "b,c"}).out == "r: no tags\n");
  CHECK_FALSE(folder.has("runs/r/notes.json"));
}

TEST_CASE("rm removes runs with --yes only, and none that is running") {
  const TempFolder folder;
  for (const char* name : {"a", "b", "c"}) make_run(folder / "runs/" + name, {.cell = name});
  CHECK_THAT(runs(folder, {"rm", "a"}).out, Contains("would remove") && Contains("--yes removes them"));
  CHECK(folder.has("runs/a/run.json"));
  CHECK(runs(folder, {"rm", "--where", "cell in ('a', 'b')", "--yes"}).code == 0);
  CHECK_FALSE(folder.has("runs/a"));
  CHECK_FALSE(folder.has("runs/b"));
  CHECK(json::parse(runs(folder, {"list", "--json"}).out).size() == 1);
  check_rejected(runs(folder, {"rm", "--yes"}), "name the runs to remove, or choose them with --where or --tag");
  ebb::app::RunFolder job{folder / "runs/c", true};
  job.lock();
  check_rejected(runs(folder, {"rm", "c", "--yes"}), "'c' is running; nothing was removed");
  CHECK(folder.has("runs/c/run.json"));
}

TEST_CASE("rm removes a run with those in its folder, unless one of these is running") {
  const TempFolder folder;
  make_run(folder / "runs/sweep");
  for (const char* name : {"1", "2"}) make_run(folder / "runs/sweep/trial-" + name);
  {
    ebb::app::RunFolder job{folder / "runs/sweep/trial-2", true};
    job.lock();
    check_rejected(runs(folder, {"rm", "sweep", "--yes"}), "'sweep/trial-2' is running; nothing was removed");
  }
  CHECK_THAT(runs(folder, {"rm", "--where", "cell = 'gru'", "--yes"}).out, Contains("1 run, ") && !Contains("trial"));
  CHECK_FALSE(folder.has("runs/sweep"));
  CHECK(runs(folder, {"list"}).out == "no runs\n");
}

TEST_CASE("a comparison names the options that differ and leaves out seeds that did not end") {
  const TempFolder folder;
  make_run(folder / "runs/a", {.lr = .1, .loss = .25});
  make_run(folder / "runs/b", {.lr = .01, .loss = .5});
  auto summary = summary_of(folder / "runs/b");
  summary["runs"]["2"] = summary["runs"]["1"];
  summary["runs"]["2"]["diverged"] = "step 3";
  write_all(folder / "runs/b/summary.json", summary.dump());
  const Outcome o = runs(folder, {"compare", "a", "b", "--out", folder / "page"});
  INFO(o.err);
  CHECK(o.code == 0);
  CHECK_THAT(o.out, Contains("No difference shown with 1 seed: ") && Contains("1 of 3 runs is left out: 1 diverged."));
  const auto plots = plots_of(read_all(folder / "page/report.html"));
  REQUIRE(plots.size() == 3);
  CHECK(plots[0]["series"].size() == 2);
  CHECK(folder.has("page/figures.json"));
  const json compared = json::parse(runs(folder, {"compare", "a", "b", "--json"}).out);
  CHECK(compared["differing_options"] == json{"lr"});
  CHECK(compared["runs"][1]["label"] == "lr=0.01");
  CHECK_THAT(compared["findings"].dump(), Contains("lr=0.1 is below lr=0.01 by 0.25 MSE"));
  for (auto& seed : summary["runs"]) seed["unit"] = "bits";
  write_all(folder / "runs/b/summary.json", summary.dump());
  const json other = json::parse(runs(folder, {"compare", "a", "b", "--json"}).out);
  CHECK(other["findings"] == json{"The losses are not comparable: their units are MSE, bits."});
  check_rejected(runs(folder, {"compare", "a"}), "two runs or more are needed to compare, not 1");
  check_rejected(runs(folder, {"compare", "a", "a"}), "the run 'a' is named twice");
  const Outcome plot = runs(folder, {"plot", "a", "b", "--figure", "training", "--out", folder / "loss.csv"});
  INFO(plot.err);
  CHECK(plot.code == 0);
  CHECK_THAT(read_all(folder / "loss.csv"), Contains("lr=0.1,1,0.5"));
}

TEST_CASE("runs are exported for other programs") {
  const TempFolder folder;
  make_run(folder / "runs/a", {.valid = .125});
  const Outcome csv = runs(folder, {"export", "--to", "csv", "--columns", "run,valid"});
  CHECK(csv.out == "run,valid\na,0.125\n");
  for (const char* tool : {"wandb", "mlflow", "tensorboard"}) {
    const Outcome o = runs(folder, {"export", "--to", tool, "--out", folder / tool});
    INFO(o.err);
    CHECK(o.code == 0);
    CHECK_THAT(o.out, Contains("1 run in"));
    CHECK_FALSE(fs::is_empty(folder / tool));
  }
  const std::string table = folder / "t.csv";
  CHECK(runs(folder, {"export", "--to", "csv", "--out", table}).out == "1 run in '" + table + "'\n");
  check_rejected(runs(folder, {"export", "--to", "wandb", "--out", folder / "runs/a/wandb"}),
                 "is in the folder of a run, 'a': name another folder");
  check_rejected(runs(folder, {"export", "--to", "csv", "--out", folder / "runs/a/curve.csv"}),
                 "in the folder of a run");
  check_rejected(runs(folder, {"export", "--to", "mlflow", "--out", folder / "runs"}),
                 "is the folder of the runs themselves");
  CHECK_FALSE(folder.has("runs/a/wandb"));
  check_rejected(runs(folder, {"export", "--to", "excel"}), "unknown --to 'excel'");
  check_rejected(runs(folder, {"export", "--to", "wandb", "--columns", "run"}),
                 "--columns applies to --to csv and --to json only");
}

TEST_CASE("a run that is damaged is left out of an export, and named") {
  const TempFolder folder;
  for (const char* name : {"a", "b", "c"}) make_run(folder / "runs/" + name);
  write_all(folder / "runs/b/summary.json", "{");
  for (const char* tool : {"wandb", "mlflow", "tensorboard"}) {
    const Outcome o = runs(folder, {"export", "--to", tool, "--out", folder / tool});
    CHECK(o.code == 1);
    CHECK_THAT(o.out, Contains("2 runs in"));
    CHECK_THAT(o.err, Contains("'b' is left out, because it is damaged: ") && Contains("summary.json"));
  }
}

TEST_CASE("a run is reproduced to the bit, and the first difference is named") {
  const TempFolder folder;
  const std::string run = trained(folder, "r", {"--cell", "gru"});
  const Outcome same = runs(folder, {"reproduce", "r"});
  INFO(same.out << same.err);
  CHECK(same.code == 0);
  CHECK_THAT(same.out, Contains("the same bits as 'r', clocks aside: curve.csv, weights.safetensors, summary.json"));
  CHECK(folder.has("runs/r-again/weights.safetensors"));

  std::string curve = read_all(run + "/curve.csv");
  const std::size_t line = curve.find("\n7,");
  const std::size_t loss = curve.find(',', curve.find(',', line) + 1) + 1;
  curve.replace(loss, curve.find(',', loss) - loss, "0.5");
  write_all(run + "/curve.csv", curve);
  const Outcome other = runs(folder, {"reproduce", "r", "--out", folder / "runs/third"});
  CHECK(other.code == 1);
  CHECK_THAT(other.err, Contains("differs from 'r': curve.csv, update 7: loss is 0.5 and "));

  fs::copy_file(folder / "runs/third/curve.csv", run + "/curve.csv", fs::copy_options::overwrite_existing);
  std::string weights = read_all(run + "/weights.safetensors");
  weights[weights.size() - 4] = static_cast<char>(weights[weights.size() - 4] ^ 1);
  write_all(run + "/weights.safetensors", weights);
  const auto d = ebb::app::runs::first_difference(run, folder / "runs/third");
  CHECK_THAT(d.first, Contains("weights.safetensors, ") && Contains(": element "));
  auto run_file = json::parse(read_all(run + "/run.json"));
  run_file["status"] = "stopped";
  write_all(run + "/run.json", run_file.dump());
  check_rejected(runs(folder, {"reproduce", "r"}), "was stopped before its end");
}

}  // namespace runs_command_test
