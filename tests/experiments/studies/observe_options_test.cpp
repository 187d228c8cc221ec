#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/studies/observe/measure.hpp>
#include <ebb/experiments/train/task.hpp>
#include <ebb/nn/cell.hpp>
#include <map>
#include <set>

#include "catch.hpp"
#include "observed.hpp"

namespace observe_options_test {

using ebb::Registry;
using namespace ebb::app;
using namespace ebb::app::observe;
using Catch::Matchers::Contains;

namespace {

/// The cell saddle with an input: its fixed points depend on the mean of the data.
struct DrivenSaddle {
  double b;
  DrivenSaddle(ebb::Builder p, ebb::CellSizes) : b(p.option("b", -2.5, "constant")) {}
  ebb::Hidden step(const ebb::Var& x, const ebb::Hidden& s) const {
    return {5 * sigmoid(s.h) + b + .05 * mean(x, -1, ebb::Keep::yes)};
  }
};
EBB_CELL_NAMED(driven_saddle, "test-driven-saddle", DrivenSaddle, "a saddle with an input (made by the tests)");

struct Row {
  std::string option, value;
  std::set<std::string> readers;
};

// The options of measures, and the measures that read them.
const std::vector<Row> table{
    {"--length",
     "30",
     {"map", "lyapunov", "jacobians", "gates", "fixed_points", "bifurcations", "sensitivity", "attribution",
      "curvature", "newton"}},
    {"--rows",
     "3",
     {"norms", "map", "lyapunov", "jacobians", "gates", "fixed_points", "bifurcations", "sensitivity", "attribution",
      "curvature", "newton"}},
    {"--free", "", {"map", "lyapunov", "jacobians", "gates", "fixed_points", "bifurcations", "sensitivity", "newton"}},
    {"--lags", "20", {"norms", "gates"}},
    {"--spread", ".1", {"lyapunov", "jacobians"}},
    {"--vary", "b=-3:-2", {"bifurcations"}},
    {"--directions", "2", {"lyapunov"}},
    {"--determinants", "2", {"lyapunov"}},
    {"--export", "2", {"jacobians"}}};

std::vector<std::string> shipped_measures() {
  const std::set<std::string>& rows = table[1].readers;  // each reads --rows
  return {rows.begin(), rows.end()};
}

/// These affect all measures, or none.
const std::set<std::string> of_subjects{"RUN",      "--weights", "--cell", "--task",  "--remedy", "--measure",
                                        "--resume", "--hidden",  "--data", "--text",  "--out",    "--force",
                                        "--quick",  "--full",    "--seed", "--seeds", "--threads"};

}  // namespace

TEST_CASE("every option of ebb observe is one of its subjects, or has its readers") {
  Options o;
  const auto command = Registry<CommandEntry>::get("observe").make();
  command->options(o);
  for (const auto& e : o.entries()) {
    const std::string name = e->name.substr(0, e->name.find(','));
    if (!e->declared_by.empty() || of_subjects.count(name)) continue;
    INFO(name);
    CHECK(std::count_if(table.begin(), table.end(), [&](const Row& r) { return r.option == name; }) == 1);
  }
}

TEST_CASE("an option that a measure alone does not read is rejected, with the measures that read it") {
  for (const Row& row : table)
    for (const std::string& measure : shipped_measures()) {
      CAPTURE(row.option, measure);
      const bool reads = row.readers.count(measure) > 0;
      CHECK(Registry<MeasureEntry>::get(measure).make()->reads(row.option) == reads);
      if (reads) continue;
      std::vector<std::string> words{"--cell", "lstm", "--measure", measure, row.option};
      if (!row.value.empty()) words.push_back(row.value);
      const std::string error = error_of(words);
      if (row.option == "--free") {
        CHECK_THAT(error, Contains("a loss needs the task's data"));
        continue;
      }
      CHECK_THAT(error, Contains(row.option + " is for the measure") && Contains("which --measure does not name"));
      for (const std::string& reader : row.readers) CHECK_THAT(error, Contains(reader));
    }
  CHECK_THAT(error_of({"--cell", "lstm", "--measure", "norms,map", "--export", "3"}), Contains("measure jacobians,"));
}

TEST_CASE("an option that the measures do not read is not recorded, and the record repeats the run") {
  TempFolder folder;
  const auto s = observed(folder / "out", {"--cell", "rnn", "--hidden", "4", "--measure", "norms"});
  CHECK(s["options"].contains("lags"));
  for (const char* option : {"length", "spread", "vary", "directions", "determinants", "export"})
    CHECK_FALSE(s["options"].contains(option));
  const Outcome again = ebb_command({"observe", "--config", folder / "out/config.toml", "--out", folder / "again"});
  INFO(again.err);
  CHECK(again.code == 0);
}

TEST_CASE("what a measure says that it reads is what its results depend on") {
  const TaskSettings settings{.hidden = 3, .length = 60, .batch = 4};
  const std::shared_ptr<const Task> task = make_task("adding");
  const Amount base{
      .steps = 24, .rows = 1, .lags = 14, .variation = Variation::of("b=-3:-2"), .leading = Leading{.number = 2}};
  std::map<std::string, Amount> changed;
  for (const char* option :
       {"--length", "--rows", "--lags", "--free", "--spread", "--vary", "--directions", "--determinants"})
    changed[option] = base;
  changed["--length"].steps = 40;
  changed["--rows"].rows = 2;
  changed["--lags"].lags = 18;
  changed["--free"].free = true;
  changed["--spread"].spread = .1;
  changed["--vary"].variation = Variation::of("b=-2.9:-2");
  changed["--directions"].leading = Leading{.number = 1};
  changed["--determinants"].determinants = 3;
  for (const std::string& name : shipped_measures()) {
    const auto measure = Registry<MeasureEntry>::get(name).make();
    const Subject subject = Subject::initial(task, name == "bifurcations" ? "test-driven-saddle" : "lstm", settings, 1);
    REQUIRE(measure->unfit(subject, base).empty());
    const std::string before = measure->measure(subject, base).json();
    CHECK(measure->measure(subject, base).json() == before);
    for (const auto& [option, amount] : changed) {
      CAPTURE(name, option);
      if (!measure->unfit(subject, amount).empty()) continue;
      CHECK((measure->measure(subject, amount).json() != before) == measure->reads(option));
    }
  }
}

}  // namespace observe_options_test
