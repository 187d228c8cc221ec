#include <algorithm>
#include <cmath>
#include <ebb/experiments/task_options.hpp>
#include <fmt/format.h>

namespace ebb {
namespace {

// Whole numbers in [low, 1e6]: more would only run out of memory later.
std::function<bool(const PerTask&)> whole(double low) {
  return [low](const PerTask& p) {
    return std::all_of(p.given.begin(), p.given.end(), [&](const auto& item) {
      return item.second >= low && item.second <= 1e6 && item.second == std::floor(item.second);
    });
  };
}

std::function<bool(const PerTask&)> number(bool zero_too) {
  return [zero_too](const PerTask& p) {
    return std::all_of(p.given.begin(), p.given.end(),
                       [&](const auto& item) { return item.second > 0 || (zero_too && item.second == 0); });
  };
}

}  // namespace

void TaskOptions::declare(Options& o) {
  o.add("--hidden", hidden, "width of the cell's state").check(whole(1), "a whole number of at least 1");
  o.add("--length", length, "T, steps of a sequence in training").check(whole(1), "a whole number of at least 1");
  o.add("--batch", batch, "B, sequences at once").check(whole(1), "a whole number of at least 1");
  o.add("--steps", steps, "updates, at most").check(whole(0), "a whole number of at least 0");
  o.add("--lr", lr, "Adam's learning rate").check(number(false), "above 0");
  o.add("--clip", clip, "largest global norm of the gradient, 0 for none").check(number(true), "at least 0");
  o.add("--text", text, "text for chars: any UTF-8 or byte file (standard: tiny Shakespeare, built in)").type("FILE");
}

std::unique_ptr<Task> TaskOptions::make(const std::string& task) const { return make_task(task, {.text = text}); }

TaskSettings TaskOptions::settings(const std::string& name, const Task& task, Size size) const {
  TaskSettings s = task.settings(size);
  s.hidden = static_cast<int>(hidden.of(name, s.hidden));
  s.length = static_cast<int>(length.of(name, s.length));
  s.batch = static_cast<int>(batch.of(name, s.batch));
  s.steps = static_cast<int>(steps.of(name, s.steps));
  s.lr = lr.of(name, s.lr);
  s.clip = clip.of(name, s.clip);
  return s;
}

void TaskOptions::keep(const TaskSettings& s) {
  const auto set = [&](PerTask& p, double x) { p.given = {{"", x}}; };
  set(hidden, s.hidden), set(length, s.length), set(batch, s.batch), set(steps, s.steps), set(lr, s.lr), set(clip, s.clip);
}

void TaskOptions::check_names(const std::vector<std::string>& tasks) const {
  for (const PerTask* p : {&hidden, &length, &batch, &steps, &lr, &clip})
    for (const auto& [name, value] : p->given) {
      if (name.empty() || std::find(tasks.begin(), tasks.end(), name) != tasks.end()) continue;
      check_task_names({name});
      throw ValueError(fmt::format("an option names the task '{}', which is not among --tasks", name));
    }
}

}  // namespace ebb
