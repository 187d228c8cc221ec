#include <fmt/format.h>
#include <ebb/experiments/train/simple_task.hpp>
#include <ebb/experiments/train/task_call.hpp>

namespace ebb::app {

std::string text_of(const BatchRequest& r) {
  const char* const split = r.split == Split::train ? "train" : r.split == Split::valid ? "valid" : "test";
  return fmt::format("batch {} of the {} split", r.number, split);
}

Batch make_batch(const Task& task, const BatchRequest& r) {
  try {
    Batch batch = task_call(task, [&] { return task.batch(r); });
    if (const auto* const simple = task.as<SimpleTask>())
      check_batch(task.name(), task_call(task, [&] { return simple->sizes(); }), batch.get<SimpleBatch>());
    return batch;
  } catch (Error& e) {
    const std::string name = fmt::format("the task '{}'", task.name());
    const bool named = task.name().empty() || std::string(e.what()).find(name) != std::string::npos;
    const std::string who = named ? "" : name + ", ";
    e.with_context(fmt::format(" ({}in {})", who, text_of(r)));
    throw;
  }
}

void check_sizes(const Task& task, const TaskSettings& s) {
  task_call(task, [&] { task.check_sizes(s); });
}

}  // namespace ebb::app
