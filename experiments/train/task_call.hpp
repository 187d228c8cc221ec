#pragma once
#include <ebb/experiments/train/task.hpp>
#include <ebb/ops/rethrow.hpp>

namespace ebb::app {

/// f(), which calls functions of the task: an exception that is not Ebb's becomes an Error that names the task.
template <class F> decltype(auto) task_call(const Task& task, const F& f) {
  return ebb::detail::named_call("task", task.name().c_str(), f);
}

/// task.batch(request), compared with the sizes that a SimpleTask declares.
/// Errors    those of the task and of check_batch, with the task's name and the batch
Batch make_batch(const Task& task, const BatchRequest& request);
/// task.check_sizes(s), likewise with the task's name.
void check_sizes(const Task& task, const TaskSettings& s);

/// "batch 3 of the valid split"
std::string text_of(const BatchRequest&);

}  // namespace ebb::app
