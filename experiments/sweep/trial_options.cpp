#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/sweep/trial_options.hpp>
#include <ebb/experiments/train/network.hpp>
#include <ebb/experiments/train/train.hpp>
#include <ebb/nn/nearest.hpp>

namespace ebb::app::sweep {
namespace {

std::string joined_words(const ebb::app::detail::OptionEntry& e) {
  return fmt::format("{}", fmt::join(ebb::app::detail::option_words(e.json()), ","));
}

const ebb::app::detail::OptionEntry& entry_of_train(const Options& train, const std::string& option) {
  std::vector<std::string> known;
  for (const auto& e : train.entries()) {
    if (e->positional) continue;
    if (bare_name(*e) == option) return *e;
    known.push_back(bare_name(*e));
  }
  const std::string near = nearest(option, known);
  throw ValueError(fmt::format("--grid {}: `ebb train` has no such option{}", option,
                               near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
}

void try_value(const ebb::app::detail::OptionEntry& e, const std::string& value) {
  e.read(value);
  for (const auto& check : e.checks) check();
}

bool accepts(const ebb::app::detail::OptionEntry& e, const std::string& value) {
  try {
    try_value(e, value);
    return true;
  } catch (const ValueError&) { return false; }
}

}  // namespace

std::string bare_name(const ebb::app::detail::OptionEntry& e) {
  const std::string name = e.name.substr(0, e.name.find(','));
  return name.starts_with("--") ? name.substr(2) : name;
}

const char* instead_of(const std::string& option) {
  if (option == "seed" || option == "seeds") return "--seeds N trains every configuration with N seeds";
  if (option == "threads") return "results do not depend on it; --jobs and --threads divide the cores";
  if (option == "out" || option == "force") return "a sweep names the folders of its trials itself";
  if (option == "quick" || option == "full") return "it holds for all trials: --quick or --full";
  if (option == "resume" || option == "pause-at") return "a sweep resumes its trials itself";
  return nullptr;
}

TrialOptions::TrialOptions(const Options& given, Size size) : size_(size) {
  options_.add("TASK", task_, "");
  options_.add("--cell", cell_, "");
  sizes_.declare(options_);
  sizes_.declare_more(options_);
  sizes_.inputs.quick = size == Size::quick;
  for (const auto& e : given.entries()) {
    detail::OptionEntry* const own = find(bare_name(*e));
    if (!own || !e->given) continue;
    if (const std::string words = joined_words(*e); !words.empty()) own->read(words);
    own->given = true;
  }
}

detail::OptionEntry* TrialOptions::find(const std::string& option) const {
  for (const auto& e : options_.entries())
    if (bare_name(*e) == option) return e.get();
  return nullptr;
}

void TrialOptions::read(const std::vector<Axis>& axes, const Configuration& c) {
  for (std::size_t k = 0; k < axes.size(); ++k)
    if (detail::OptionEntry* const e = find(axes[k].option)) {
      e->read(c.values[k]);
      e->given = true;
    }
  options_.settle(size_);
  sizes_.check_names({task_});
  check_recurrence_names({cell_});
}

std::unique_ptr<Task> TrialOptions::task() const { return sizes_.make(task_); }

TaskSettings TrialOptions::settings(const Task& task) const {
  const TaskSettings s = sizes_.settings(task_, task, size_);
  task.check_sizes(s);
  return s;
}

void complete_axes(std::vector<Axis>& axes, const Options& train) {
  for (Axis& axis : axes) {
    if (const char* const instead = instead_of(axis.option))
      throw ValueError(fmt::format("--grid {}: this option cannot be varied; {}", axis.option, instead));
    if (axis.option == "task")
      throw ValueError("--grid task: a sweep has one task, because losses of several cannot be compared");
    const ebb::app::detail::OptionEntry& e = entry_of_train(train, axis.option);
    for (const std::string& value : axis.words) try_value(e, value);
    if (!axis.range) continue;
    for (const double end : {axis.range->low, axis.range->high}) try_value(e, fmt::format("{}", end));
    const double fraction = std::floor((axis.range->low + axis.range->high) / 2) + .5;
    axis.whole = fraction < axis.range->high && !accepts(e, fmt::format("{}", fraction)) &&
                 accepts(e, fmt::format("{:.0f}", std::floor(fraction)));
  }
}

Validation validation_of(const Task& task, const Model& model, const TaskSettings& s) {
  const auto meter = meter_of(task);
  const std::optional<std::string> name = meter ? meter->validates_by() : std::nullopt;
  const TaskInfo info = task.info();
  if (!name)
    return {.measure = "loss",
            .unit = info.unit,
            .rises = false,
            .baseline = info.baseline,
            .baseline_about = info.baseline_about};
  test_loss(model, task, Split::valid, s, 1, meter.get());
  const std::vector<Measure> all = meter->measures();
  const Measure& by = measure_named(*name, all);
  return {.measure = by.name,
          .unit = by.unit,
          .rises = by.rises,
          .baseline = by.baseline,
          .baseline_about = by.baseline_about};
}

}  // namespace ebb::app::sweep
