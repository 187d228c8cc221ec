#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/train/abilities.hpp>
#include <ebb/experiments/train/simple_task.hpp>
#include <ebb/experiments/train/task_call.hpp>
#include <ebb/experiments/train/treatment.hpp>
#include <ebb/experiments/train/try_out.hpp>
#include <ebb/nn/sequence/row_dependence.hpp>
#include <ebb/nn/sequence/step_jacobian.hpp>
#include <ebb/ops/random.hpp>
#include <ebb/ops/text.hpp>
#include <ebb/optim/optimizer_list.hpp>

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

// Larger batches only: the last rows or steps of the data may make a smaller one.
void check_request(const Task& task, const SimpleBatch& b, const TaskSettings& s) {
  const Shape shape = std::visit([](const auto& x) { return x.shape(); }, b.inputs);
  const int T = b.steps(), B = b.rows(), longest = task.steps(s);
  const bool fixed = task.as<FixedLength>();
  if (B <= s.batch && (fixed || T <= longest)) return;
  std::string wanted = fmt::format("{}, {}", fixed ? T : longest, s.batch);
  for (int axis = 2; axis < shape.rank(); ++axis) wanted += fmt::format(", {}", shape[axis]);
  throw ShapeError(fmt::format(
      "the task '{}': its batches have inputs {}, but {} requested: [{}], time first", task.name(), text(shape),
      fixed ? fmt::format("B = {} was", s.batch) : fmt::format("T = {} and B = {} were", longest, s.batch), wanted));
}

void check_first(const Task& task, const BatchRequest& r, const Batch& batch, const TaskSettings& s) {
  if (!task.as<SimpleTask>()) return;
  const auto& b = batch.get<SimpleBatch>();
  check_request(task, b, s);
  if (const std::string value = nonfinite_in(b); !value.empty())
    throw ValueError(fmt::format("the task '{}': in {}, {}", task.name(), text_of(r), value));
}

/// Fewer for a wide state S: tenths of a second in all.
int steps_to_try(int S, int input) {
  constexpr double numbers = 1e7;  // of matrices [S, S + I]
  constexpr int least = 16, most = 1000;
  return static_cast<int>(std::clamp(numbers / (double(S) * (S + input)), double{least}, double{most}));
}

}  // namespace

int checked_batches(const Task& task, Split split, const TaskSettings& s) {
  const int n = task_call(task, [&] { return task.batches(split, s.length, s.batch); });
  if (n >= 1) return n;
  throw ValueError(fmt::format("the task '{}': batches({}, {}, {}) must be at least 1, but is {}", task.name(),
                               split == Split::valid ? "valid" : "test", s.length, s.batch, n));
}

void try_out(const Model& m, const Task& task, const TaskSettings& s) {
  check_sizes(task, s);
  if (const std::string weight = nonfinite_weight(m.w); !weight.empty())
    throw ValueError(fmt::format("'{}' has initial values that are infinite or NaN", weight));
  const auto first_of = [&](Split split) {
    const BatchRequest request{.split = split, .length = s.length, .rows = s.batch};
    Batch batch = make_batch(task, request);
    check_first(task, request, batch, s);
    return batch;
  };
  const Batch batch = first_of(Split::train);
  for (const Split split : {Split::valid, Split::test}) {
    checked_batches(task, split, s);
    first_of(split);
  }
  check_same(task.name(), first_loss(m, batch), first_loss(m, first_of(Split::train)));
  try_optimizer(s.optimizer);
  try_remedies(m, task, s, batch);
}

void try_rows(const Cell& cell, const std::string& name, int longest) {
  constexpr int rows = 3;
  const int input = cell.sizes().input, S = state_size(cell), steps = std::min(longest, steps_to_try(S, input));
  const Key key = Key{1}.named("try_rows");
  std::string differs;
  try {
    differs = row_dependence(cell, uniform({steps, rows, input}, key.named("x"), -1, 1, f64),
                             states_near_start(cell, rows, key));
  } catch (const Error& e) {
    throw ValueError(fmt::format(
        "cell '{0}' fails on a small batch of random values: {1}; `ebb check {0}` runs it alone", name, e.what()));
  }
  if (differs.empty()) return;
  throw ValueError(fmt::format(
      "cell '{0}': a row's result depends on the other rows of its batch, so measures of single sequences are "
      "meaningless: {1}; `ebb check {0}` reports it too",
      name, differs));
}

void try_optimizer(const std::string& name_and_options) {
  Params w;
  const Builder p = w / "trial";
  p.matrix("W", 2, 3);
  p.vector("b", 3);
  Grads g;
  g.flat_of(w, f32).fill(1);
  make_optimizer(name_and_options, w, 1e-3)->step(g);
}

}  // namespace ebb::app
