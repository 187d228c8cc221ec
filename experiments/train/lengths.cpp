#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <cstdlib>
#include <ebb/experiments/cli/interrupt.hpp>
#include <ebb/experiments/cli/options.hpp>
#include <ebb/experiments/train/lengths.hpp>
#include <ebb/experiments/train/measure.hpp>
#include <ebb/experiments/train/task_call.hpp>
#include <ebb/experiments/train/train.hpp>

namespace ebb::app {
namespace {

constexpr int most_length = 1'000'000;

/// The task with sequences of one length.
class TaskOfLength {
 public:
  TaskOfLength(const Task& task, int length) : made_(made(task, length)), task_(made_ ? *made_ : task) {}
  const Task& operator*() const { return task_; }

 private:
  static std::unique_ptr<Task> made(const Task& task, int length) {
    if (auto own = task_call(task, [&] { return task.as<AnyLength>()->with_length(length); })) return own;
    const std::string& shortest = task.inputs().own[shortest_option.name];
    if (std::atoi(shortest.c_str()) <= length) return nullptr;
    Task::Inputs inputs = task.inputs();  // a length of training alone, which is longer than that of the test
    inputs.own[shortest_option.name] = "0";
    return make_task(task.name(), inputs);
  }
  std::unique_ptr<Task> made_;
  const Task& task_;
};

TaskSettings at_length(const Task& task, TaskSettings s, int length) {
  constexpr int most_rows = 64, most_numbers = 1 << 16;  // time steps of a batch: long sequences are not to fill memory
  s.length = length;
  const int steps = std::max(1, task_call(task, [&] { return task.steps(s); }));
  const int sequences = task_call(task, [&] { return task.as<AnyLength>()->sequences_at(length); });
  s.batch = std::clamp(std::min(sequences, most_numbers / steps), 1, most_rows);
  return s;
}

int length_of(const std::string& word) {
  int length = 0;
  try {
    detail::read_option(word, length);
  } catch (const ValueError& e) { throw ValueError(fmt::format("--test-lengths {}", e.what())); }
  if (length < 1 || length > most_length)
    throw ValueError(fmt::format("--test-lengths must be whole numbers from 1 to 1,000,000, not {}", length));
  return length;
}

}  // namespace

int drawn_length(const BatchRequest& r, const Key& batch, int shortest) {
  if (r.split != Split::train || shortest == 0 || shortest >= r.length) return r.length;
  return shortest + batch.named("length").below(r.length - shortest + 1, 0);
}

void check_shortest(int shortest, const TaskSettings& s) {
  if (shortest > s.length) throw ValueError("--shortest must not be greater than --length");
}

std::vector<int> test_lengths(const std::vector<std::string>& words, int trained) {
  std::vector<int> lengths;
  if (words.empty())
    for (const int times : {1, 2, 4, 8, 16}) lengths.push_back(std::min(most_length, times * trained));
  else if (words != std::vector<std::string>{"none"})
    for (const std::string& word : words) lengths.push_back(length_of(word));
  std::sort(lengths.begin(), lengths.end());
  const auto twice = std::adjacent_find(lengths.begin(), lengths.end());
  if (twice != lengths.end() && !words.empty()) throw ValueError(fmt::format("--test-lengths names {} twice", *twice));
  lengths.erase(std::unique(lengths.begin(), lengths.end()), lengths.end());
  return lengths;
}

std::vector<int> lengths_of_tests(const Task& task, const TaskSettings& s, const std::vector<std::string>& words) {
  const auto* const any = task.as<AnyLength>();
  if (!any && !words.empty())
    throw ValueError(
        fmt::format("--test-lengths does not apply to the task '{}', whose sequences cannot have any length; those of "
                    "{} can",
                    task.name(), fmt::join(tasks_of_any_length(), ", ")));
  if (!any || (words.empty() && !any->tested_by_default())) return {};
  return test_lengths(words, trained_length(task, s));
}

int trained_length(const Task& task, const TaskSettings& s) {
  const auto* const any = task.as<AnyLength>();
  return any ? any->trained_length(s) : s.length;
}

std::vector<std::string> tasks_of_any_length() {
  std::vector<std::string> names;
  for (const TaskEntry* t : task_list())
    if (t->any_length) names.emplace_back(t->name);
  return names;
}

void try_lengths(const Model& m, const Task& task, const TaskSettings& settings, const std::vector<int>& lengths) {
  if (lengths.empty()) return;
  try {
    for (const int length : lengths) {
      const TaskOfLength of_length{task, length};
      check_sizes(*of_length, at_length(*of_length, settings, length));
    }
    const TaskOfLength longest{task, lengths.back()};
    const TaskSettings s = at_length(*longest, settings, lengths.back());
    const Batch batch = make_batch(*longest, {.split = Split::test, .length = s.length, .rows = 1});
    evaluate(m.w, {.rows = batch.rows(), .training = false}, [&](Shard& shard) { return m.loss(shard, batch); });
  } catch (Error& e) {
    e.with_context(
        fmt::format("; after training, the model is tested up to length {} (--test-lengths)", lengths.back()));
    throw;
  }
}

LengthTest test_at_lengths(const Model& m, const Task& task, const TaskSettings& settings,
                           const std::vector<int>& lengths) {
  LengthTest test;
  test.unit = m.task.unit;
  for (const int length : lengths) {
    if (!m.ranks && interrupted()) break;
    const TaskOfLength of_length{task, length};
    const TaskSettings s = at_length(*of_length, settings, length);
    const int wanted = task.as<AnyLength>()->sequences_at(length), batches = (wanted + s.batch - 1) / s.batch;
    const auto meter = meter_of(*of_length);
    LengthScore score{.length = length, .sequences = batches * s.batch};
    score.loss = test_loss(m, *of_length, Split::test, s, batches, meter.get());
    const double baseline = task.as<AnyLength>()->baseline_at(length).value_or((*of_length).info().baseline);
    Measure by{"loss", score.loss, m.task.unit, baseline, {}, false};
    if (meter) {
      const std::vector<Measure> all = meter->measures();
      const auto name = meter->validates_by();
      by = name ? measure_named(*name, all) : all.front();
    }
    test.measure = by.name;
    test.unit = by.unit;
    test.rises = by.rises;
    score.value = by.value;
    score.baseline = by.baseline;
    test.scores.push_back(score);
  }
  return test;
}

}  // namespace ebb::app
