#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <ebb/experiments/cli/interrupt.hpp>
#include <ebb/experiments/lengths/length_run.hpp>
#include <ebb/experiments/train/lengths.hpp>
#include <ebb/experiments/train/network.hpp>
#include <map>
#include <optional>

namespace ebb::app::lengths {
namespace {

using Words = std::vector<std::string>;

/// The tasks that declare this option; none for an option of `ebb train` itself.
std::vector<std::string> tasks_with(const std::string& option) {
  std::vector<std::string> tasks;
  for (const DeclaredTaskOption& d : declared_task_options())
    if (option == d.option->name) tasks.insert(tasks.end(), d.tasks.begin(), d.tasks.end());
  return tasks;
}

bool is_in(const std::vector<std::string>& all, const std::string& name) {
  return std::find(all.begin(), all.end(), name) != all.end();
}

using Entries = std::vector<const detail::OptionEntry*>;

/// The options that were given, as words for one task.
Words words_for(const std::string& task, const Entries& options) {
  Words words;
  for (const detail::OptionEntry* e : options) {
    const std::string name = sweep::bare_name(*e);
    if (!e->given) continue;
    if (const auto declared = tasks_with(name); !declared.empty() && !is_in(declared, task)) continue;
    std::string value = fmt::format("{}", fmt::join(detail::option_words(e->json()), ","));
    if (e->type == std::string_view(detail::option_type(static_cast<const PerTask*>(nullptr)))) {
      PerTask values;
      detail::read_option(value, values);
      const std::optional<double> own = values.of(task);
      value = own ? fmt::format("{}", *own) : "";
    }
    if (!value.empty()) words.insert(words.end(), {"--" + name, value});
  }
  return words;
}

void check_tasks(const std::vector<std::string>& tasks) {
  check_task_names(tasks);
  const std::vector<std::string> known = tasks_of_any_length();
  for (const std::string& task : tasks)
    if (!is_in(known, task))
      throw ValueError(
          fmt::format("--tasks {}: its sequences have one length, so that no other can be tested; there are {}", task,
                      fmt::join(known, ", ")));
}

void check_options(const Entries& options, const std::vector<std::string>& tasks) {
  for (const detail::OptionEntry* e : options) {
    const auto declared = tasks_with(sweep::bare_name(*e));
    const auto reads = [&](const std::string& task) { return is_in(tasks, task); };
    if (e->given && !declared.empty() && std::none_of(declared.begin(), declared.end(), reads))
      throw ValueError(fmt::format("{} does not apply to the task{} '{}'", e->name, tasks.size() > 1 ? "s" : "",
                                   fmt::join(tasks, "', '")));
  }
}

}  // namespace

std::vector<std::string> all_cells() {
  std::vector<std::string> names;
  for (const CellInfo& c : cell_list())
    if (c.file.find("observe/systems/") == std::string::npos) names.push_back(c.name);
  return names;
}

LengthRun::LengthRun(const Request& r, Size size, std::vector<std::uint64_t> seeds)
    : seeds_(std::move(seeds)), tasks_(r.tasks) {
  check_once("--cells", r.cells);
  check_once("--tasks", r.tasks);
  check_tasks(r.tasks);
  check_options(r.options, r.tasks);
  const bool all = r.cells == Words{"all"};
  const Words cells = all ? all_cells() : r.cells;
  if (!all) check_recurrence_names(cells);
  for (const std::string& task : r.tasks)
    for (const std::string& cell : cells) {
      try {
        add(r, task, cell, size);
      } catch (const Error& e) {
        const std::string why = fmt::format("{} on {}: {}", cell, task, e.what());
        if (!all) throw ValueError(why);
        left_out_.push_back(why);
      }
    }
  if (entries_.empty()) throw ValueError(fmt::format("no cell can be trained: {}", left_out_.front()));
}

void LengthRun::add(const Request& r, const std::string& task, const std::string& cell, Size size) {
  Words words{task, "--cell", cell};
  const Words given = words_for(task, r.options);
  words.insert(words.end(), given.begin(), given.end());
  const auto task_of = make_task(task, {.quick = true});
  if (r.times != Request{}.times || !task_of->as<AnyLength>()->tested_by_default()) {
    const sweep::TrialTraining alone{words, size};
    const long trained = trained_length(alone.task(), alone.settings());
    std::vector<std::string> lengths;
    for (const int times : r.times) lengths.push_back(std::to_string(times * trained));
    words.insert(words.end(), {"--test-lengths", fmt::format("{}", fmt::join(lengths, ","))});
  }
  entries_.push_back({task, cell, std::make_unique<sweep::TrialTraining>(words, size)});
}

void LengthRun::measure_costs(const std::function<void(const Entry&)>& each) {
  for (Entry& e : entries_) {
    if (interrupted()) return;
    if (e.cost.known()) continue;
    const sweep::Cost cost = e.training->cost();
    if (interrupted()) return;  // before its last update
    e.cost = cost;
    each(e);
  }
}

std::string LengthRun::costs_json() const {
  std::map<std::string, sweep::Cost> costs;
  for (const Entry& e : entries_) costs[e.name()] = e.cost;
  return sweep::costs_json(costs);
}

void LengthRun::read_costs(const std::string& json, const std::string& file) {
  const auto costs = sweep::costs_from(json, file);
  for (Entry& e : entries_)
    if (const auto at = costs.find(e.name()); at != costs.end()) e.cost = at->second;
}

double LengthRun::wall(int threads) const {
  double sum = 0, longest = 0;
  for (const Entry& e : entries_) {
    if (!e.cost.known()) return NAN;
    sum += e.cost.seconds() * static_cast<double>(seeds_.size());
    longest = std::max(longest, e.cost.seconds());
  }
  return std::max(longest, sum / threads);
}

sweep::Plan LengthRun::plan() const {
  sweep::Plan plan{.task = {}, .seeds = seeds_, .compares = false};
  for (const Entry& e : entries_)
    plan.configurations.push_back({.number = static_cast<int>(plan.configurations.size()) + 1,
                                   .name = e.name(),
                                   .words = e.training->words(),
                                   .steps = e.training->settings().steps});
  plan.trials = sweep::trials_of(plan.configurations, plan.seeds);
  return plan;
}

std::vector<TaskScores> LengthRun::scores(const sweep::Plan& plan, const sweep::Runner* runner) const {
  std::vector<TaskScores> all;
  for (const std::string& task : tasks_) all.push_back({.task = task});
  for (std::size_t k = 0; k < entries_.size(); ++k) {
    const Entry& e = entries_[k];
    TaskScores& t = *std::find_if(all.begin(), all.end(), [&](const TaskScores& s) { return s.task == e.task; });
    if (t.lengths.empty()) {
      t.trained = trained_length(e.training->task(), e.training->settings());
      t.lengths = e.training->lengths();
      t.baselines.assign(t.lengths.size(), NAN);
    }
    CellScores cell{.cell = e.cell};
    for (std::size_t s = 0; runner && s < seeds_.size(); ++s) {
      const std::size_t trial = plan.trial(k, s);
      cell.seeds.push_back(seed_scores_of(runner->folder(plan.trials[trial]), runner->results()[trial], seeds_[s], t));
    }
    t.cells.push_back(std::move(cell));
  }
  std::erase_if(all, [](const TaskScores& t) { return t.cells.empty(); });
  return all;
}

}  // namespace ebb::app::lengths
