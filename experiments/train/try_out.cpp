#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/train/simple_task.hpp>
#include <ebb/experiments/train/try_out.hpp>

namespace ebb::app {
namespace {

// The part of the first two rows. A job must not wait for the others, of which there may be hundreds.
double first_loss(const Model& m, const Batch& batch) {
  const ShardOptions options{.rows = batch.rows(), .training = false, .shards = std::max(1, batch.rows() / 2)};
  return evaluate(
             m.w, options,
             [&](Shard& s) { return s.number() == 0 ? m.loss(s, batch) : s.sum(constant(Array::zeros({1}, f32))); })
      .loss;
}

// Compares two batches of any kind.
void check_same(const std::string& task, double first, double second) {
  if (first == second || (std::isnan(first) && std::isnan(second))) return;
  throw Error(fmt::format(
      "the task '{}' makes different batches for the same request: the loss on the first rows of the first "
      "training batch is {:.6g} and then {:.6g}. A batch may depend only on the request: draw random numbers "
      "by key (ebb/ops/random.hpp)",
      task, first, second));
}

}  // namespace

void try_out(const Model& m, const Task& task, const TaskSettings& s) {
  task.check_sizes(s);
  const auto first_of = [&](Split split) {
    Batch batch = task.batch({.split = split, .length = s.length, .rows = s.batch});
    if (const auto* const simple = task.as<SimpleTask>())
      check_batch(task.name(), simple->sizes(), batch.get<SimpleBatch>());
    return batch;
  };
  const Batch batch = first_of(Split::train);
  for (const Split split : {Split::valid, Split::test}) first_of(split);
  check_same(task.name(), first_loss(m, batch), first_loss(m, first_of(Split::train)));
}

}  // namespace ebb::app
