#include <fmt/format.h>
#include <algorithm>
#include <chrono>
#include <ebb/experiments/cli/interrupt.hpp>
#include <ebb/experiments/studies/tbptt/tbptt.hpp>
#include <ebb/experiments/train/task_call.hpp>
#include <ebb/experiments/train/train.hpp>
#include <ebb/experiments/train/try_out.hpp>
#include <ebb/nn/sequence/truncated.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/optim/clip.hpp>
#include <ebb/optim/optimizer_list.hpp>

namespace ebb::app::tbptt {
namespace {

class Echo final : public SimpleTask {
 public:
  explicit Echo(int lag) : lag_(lag) {}
  TaskInfo info() const override {
    return {.unit = "bits/symbol",
            .unit_per_loss = 1 / std::log(2.0),
            .speed_unit = "symbols",
            .baseline = 1,
            .baseline_about = "a coin"};
  }
  SimpleSizes sizes() const override { return {.inputs = TokenInputs{symbols}, .outputs = symbols}; }
  TaskSettings settings(Size) const override { return {}; }
  Batch batch(const BatchRequest& r) const override {
    const char* const split = r.split == Split::train ? "train" : r.split == Split::valid ? "valid" : "test";
    const Key key = Key{r.split == Split::train ? r.seed : 0}.named("echo").named(split);
    Tokens tokens({r.length, r.rows}), next({r.length, r.rows});
    for (int row = 0; row < r.rows; ++row) {
      const Key symbol = key.at(static_cast<std::uint64_t>(row));
      for (int t = 0; t < r.length; ++t) {
        const std::uint64_t now =
            r.number * static_cast<std::uint64_t>(r.length) + static_cast<std::uint64_t>(t + lag_);
        tokens.data()[t * r.rows + row] = symbol.below(symbols, now);
        next.data()[t * r.rows + row] = symbol.below(symbols, now - static_cast<std::uint64_t>(lag_));
      }
    }
    return SimpleBatch{.inputs = tokens, .targets = EveryStep{next}, .continues = r.number > 0};
  }
  int batches(Split, int length, int rows) const override { return std::max(1, 50'000 / (length * rows)); }
  std::string data() const override { return fmt::format("generated, lag {}", lag_); }

 private:
  static constexpr int symbols = 2;
  int lag_;
};

// The sizes of a task that reads tokens.
SimpleSizes token_sizes(const Task& task) {
  const auto* const simple = task.as<SimpleTask>();
  if (!simple || !std::holds_alternative<TokenInputs>(simple->sizes().inputs))
    throw ValueError("the task does not read a stream of tokens");
  return simple->sizes();
}

// The tokens of a window and their targets, [T, B].
struct Stretch {
  Tokens tokens, next;
  explicit Stretch(const Batch& b)
      : tokens(std::get<Tokens>(b.get<SimpleBatch>().inputs)),
        next(std::get<EveryStep>(b.get<SimpleBatch>().targets).tokens) {}
};

// The loss of the steps that were pushed last.
PartialLoss loss_of(const Reader& m, const Truncated& bptt, const Tokens& next, Shard& s) {
  const Run run = bptt.unroll(*m.cell, Sequence(m.embedding(s.sequence(bptt.tokens()))), s);
  return s.mean_tokens(cross_entropy(m.out(bptt.fresh(run)), s.sequence(next)));
}

double tested(const Reader& m, const Task& task, int rows) {
  constexpr int length = 100;
  StateArrays carry;
  double sum = 0, weight = 0;
  for (int k = 0; k < task.batches(Split::test, length, rows); ++k) {
    const Batch b = make_batch(
        task, {.split = Split::test, .length = length, .rows = rows, .number = static_cast<std::uint64_t>(k)});
    const Stretch read(b);
    if (!b.continues()) carry = {};
    const Result r = evaluate(m.w, {.rows = b.rows(), .training = false}, [&](Shard& s) {
      const Run run = unroll(*m.cell, Sequence(m.embedding(s.sequence(read.tokens))), s.take(carry), s.context());
      s.out("end", run.end());
      return s.mean_tokens(cross_entropy(m.out(run.all()), s.sequence(read.next)));
    });
    carry = r.state("end");
    sum += r.loss * b.weight();
    weight += b.weight();
  }
  return task.info().unit_per_loss * sum / weight;
}

// The loss of the batch after the last update, in which alone a divergence of that update shows.
std::string divergence_after(const Reader& m, const Task& task, const Reading& r, Truncated& bptt, std::uint64_t seed,
                             double first_loss) {
  const auto number = static_cast<std::uint64_t>(r.updates);
  const Batch b = make_batch(task, {.length = r.every, .rows = r.rows, .number = number, .seed = seed});
  const Stretch stretch(b);
  if (!b.continues()) bptt.restart();
  bptt.push(stretch.tokens);
  const Result result = evaluate(m.w, {.rows = b.rows(), .update = number, .seed = seed},
                                 [&](Shard& s) { return loss_of(m, bptt, stretch.next, s); });
  return divergence_at_end(m.w, result.loss, first_loss, task.info());
}

}  // namespace

Reader::Reader(const Task& task, const Reading& r, std::uint64_t seed)
    : w({.seed = seed}),
      embedding(w / "embedding", std::get<TokenInputs>(token_sizes(task).inputs).vocabulary, r.hidden),
      cell(make_cell(r.cell, w / "cell", {r.hidden, r.hidden})), out(w / "out", r.hidden, token_sizes(task).outputs) {}

std::vector<double> Window::each(const std::function<double(const WindowRun&)>& of) const {
  std::vector<double> all;
  for (const WindowRun& r : runs) all.push_back(of(r));
  return all;
}

std::unique_ptr<Task> make_echo(int lag) { return std::make_unique<Echo>(lag); }

void try_reading(const Task& task, const Reading& r) {
  Reader m(task, r, 1);
  try_optimizer(r.optimizer);
  for (const auto& [length, rows] : {std::pair{r.every, r.rows}, {r.stretch, 1}, {100, r.rows}})
    for (const Split split : {Split::train, Split::test})
      make_batch(task, {.split = split, .length = length, .rows = rows});
  const Stretch b(make_batch(task, {.length = 2, .rows = 1}));
  evaluate(m.w, {.rows = 1, .training = false}, [&](Shard& s) {
    Truncated bptt{{.k1 = 2, .k2 = 2}};
    bptt.push(b.tokens);
    return loss_of(m, bptt, b.next, s);
  });
}

void read(Reader& m, const Task& task, const Reading& r, int window, std::uint64_t seed, WindowRun& run,
          const std::function<void(double)>& watch) {
  using Clock = std::chrono::steady_clock;
  const auto optimizer = make_optimizer(r.optimizer, m.w, r.lr);
  const TaskInfo info = task.info();
  const int point = std::max(1, r.updates / 100);
  Truncated bptt{{.k1 = r.every, .k2 = window}};
  const auto started = Clock::now();
  double since = 0, characters = 0, first_loss = 0;
  run.begun = true;
  run.kept_bytes = 0;
  for (int u = 1; u <= r.updates; ++u) {
    if (interrupted()) return;
    const auto number = static_cast<std::uint64_t>(u - 1);
    const Batch b = make_batch(task, {.length = r.every, .rows = r.rows, .number = number, .seed = seed});
    const Stretch stretch(b);
    if (!b.continues()) bptt.restart();
    bptt.push(stretch.tokens);
    Result result = backward(m.w, {.rows = b.rows(), .update = number, .seed = seed},
                             [&](Shard& s) { return loss_of(m, bptt, stretch.next, s); });
    const double norm = clip_by_norm(result.grads, r.clip);
    if (u == 1) first_loss = result.loss;
    if (const std::string what = divergence(result.loss, norm, first_loss, info); !what.empty()) {
      run.diverged = fmt::format("update {}: {}", u, what);
      return;
    }
    bptt.advance(result);
    optimizer->step(result.grads);
    run.kept_bytes = std::max(run.kept_bytes, static_cast<double>(result.kept_bytes));
    characters += static_cast<double>(b.rows()) * r.every;
    since += info.unit_per_loss * result.loss;
    if (u % point == 0) {
      run.read.push_back(static_cast<double>(u) * r.every * b.rows());
      run.loss.push_back(since / point);
      since = 0;
    }
    watch(info.unit_per_loss * result.loss);
  }
  run.seconds = std::chrono::duration<double>(Clock::now() - started).count() / characters;
  if (const std::string what = divergence_after(m, task, r, bptt, seed, first_loss); !what.empty()) {
    run.diverged = fmt::format("update {}: {}", r.updates, what);
    return;
  }
  run.test = tested(m, task, r.rows);
  run.done = true;
}

Grads truncated_gradient(const Reader& m, const Batch& b, int every, int window) {
  Truncated bptt{{.k1 = every, .k2 = window}};
  const Stretch read(b);
  Grads all;
  for (int t = 0; t < b.steps(); t += every) {
    const int end = std::min(t + every, b.steps());
    const Tokens next = read.next.range(t, end);
    bptt.push(read.tokens.range(t, end));
    const Result r =
        backward(m.w, {.rows = b.rows(), .dtype = f64}, [&](Shard& s) { return loss_of(m, bptt, next, s); });
    bptt.advance(r);
    const double share = static_cast<double>(end - t) / b.steps();
    if (all.empty()) {
      all = r.grads;
      all.scale(share);
    } else {
      all.add(r.grads, share);
    }
  }
  return all;
}

Bias bias_of(const Reader& m, const Task& task, const Reading& r, int window) {
  const Batch b = make_batch(task, {.split = Split::test, .length = r.stretch, .rows = 16});
  return bias_between(truncated_gradient(m, b, r.every, window).flat(),
                      truncated_gradient(m, b, b.steps(), b.steps()).flat());
}

}  // namespace ebb::app::tbptt
