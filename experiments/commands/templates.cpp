#include <ebb/experiments/commands/templates.hpp>

namespace ebb::app::templates {

const char* const cell = R"---(#include <ebb/nn/cell.hpp>

/// Describe the cell in one line.
///
///     k = sigmoid(x Wk + h Uk + bk);   n = tanh(x Wn + h Un + bn);   h' = k * h + (1 - k) * n
///
/// Shapes    x [B, I]; h [B, H]; W [I, H], U [H, H], b [H]
/// Init      all uniform in +-1/sqrt(H)
/// Source    the paper
struct @TYPE@ {
  ebb::Param Wk, Uk, bk, Wn, Un, bn;

  @TYPE@(ebb::Builder p, ebb::CellSizes s)
      : Wk(p.matrix("Wk", s.input, s.hidden)), Uk(p.matrix("Uk", s.hidden, s.hidden)), bk(p.vector("bk", s.hidden)),
        Wn(p.matrix("Wn", s.input, s.hidden)), Un(p.matrix("Un", s.hidden, s.hidden)), bn(p.vector("bn", s.hidden)) {}

  // State in, state out. A state with several fields is a struct of Vars, each declared by p.state("c", &State::c,
  // {s.hidden}).
  ebb::Hidden step(const ebb::Var& x, const ebb::Hidden& s) const {
    auto k = watch("k", sigmoid(matmul(x, Wk) + matmul(s.h, Uk) + bk));  // a name for `ebb observe` to show the gate by
    auto n = tanh(matmul(x, Wn) + matmul(s.h, Un) + bn);
    return {k * s.h + (1 - k) * n};
  }
};
EBB_CELL@REGISTER@, @TYPE@, "description for `ebb cells`");
)---";

const char* const task = R"---(#include <ebb/experiments/train/simple_task.hpp>

#include <cmath>

namespace {

using namespace ebb;
using namespace ebb::app;

/// One line on what is to be learned: here, to repeat each token some steps later.
///
///     target[t] = token[t - lag];   tokens are uniform in 0, ..., 7
///
/// Shapes    tokens, targets [T, B]
class @TYPE@Task final : public ebb::app::SimpleTask {
 public:
  static constexpr int symbols = 8;
  // Every command accepts it as --lag. Other options take a RealNumber{low, high}, OneOf{"some", "words"} or any text.
  static constexpr TaskOption options[] = {
      {.name = "lag", .help = "steps after which a token is repeated (default: 3)", .takes = WholeNumber{1, 99}}};
  explicit @TYPE@Task(Inputs& in) : lag_(in.own.choose_whole("lag", 3)) {}

  TaskInfo info() const override {
    return {.unit = "nats/token", .baseline = std::log(double(symbols)), .baseline_about = "a uniform distribution"};
  }
  // With ValueInputs{width} the inputs are values [T, B, width].
  SimpleSizes sizes() const override { return {.inputs = TokenInputs{symbols}, .outputs = symbols}; }
  TaskSettings settings(Size size) const override {
    if (size == Size::quick) return {.hidden = 16, .length = 20, .batch = 16, .steps = 200, .lr = 1e-2};
    return {.hidden = 64, .length = 50, .batch = 32, .steps = 2000, .lr = 5e-3};
  }
  void check_sizes(const TaskSettings& s) const override {
    if (s.length <= lag_) throw ValueError("--length must be greater than --lag");
  }

  // The same request must give the same batch, so random numbers are drawn by key, with different keys for each split.
  Batch batch(const BatchRequest& r) const override {
    const char* const split = r.split == Split::train ? "train" : r.split == Split::valid ? "valid" : "test";
    const Key key = Key{r.split == Split::train ? r.seed : 0}.named("@NAME@").named(split).at(r.number);
    const Tokens all = integers({r.length + lag_, r.rows}, key, 0, symbols);
    // With LastStep{values [B, outputs]} there is one target, after the last step.
    return SimpleBatch{.inputs = all.range(lag_, r.length + lag_), .targets = EveryStep{all.range(0, r.length)}};
  }
  int batches(Split, int /*length*/, int rows) const override { return (512 + rows - 1) / rows; }

 private:
  int lag_;
};
EBB_TASK@REGISTER@, @TYPE@Task, "description for `ebb tasks`");

}  // namespace
)---";

const char* const optimizer = R"---(#include <ebb/optim/optimizer_list.hpp>

namespace {

using namespace ebb;

struct @TYPE@OptimizerOptions {
  double lr = 1e-3, beta = .9, decay = 0;
  void declare(GivenOptions& given) {
    given("beta", beta, "decay rate of the running mean")("decay", decay, "weight decay");
  }
};

/// One line on the optimiser: here, the update is a running mean of the gradients.
///
///     m = beta m + (1 - beta) g;   w = (1 - lr decay) w - lr m
///
/// Source    the paper
class @TYPE@Optimizer final : public Optimizer {
 public:
  using Options = @TYPE@OptimizerOptions;
  // The last argument is the number of memory arrays, each as large as the parameters and initially zero.
  explicit @TYPE@Optimizer(const LeafSet& set, Options o = {}) : Optimizer("@NAME@", set, o.lr, o.decay, 1), o_(o) {
    check("beta", o.beta, 0, 1);
  }

 private:
  void update(const Slice<float>& s) override { run(s); }
  void update(const Slice<double>& s) override { run(s); }

  // One parameter: its values w, gradients g and memory. A Slice also has its name and shape.
  template <class T> void run(const Slice<T>& s) const {
    const T rate = static_cast<T>(s.lr), kept = static_cast<T>(1 - s.lr * s.decay);
    const T beta = static_cast<T>(o_.beta), fresh = static_cast<T>(1 - o_.beta);
    T* const m = s.memory[0];
    for (std::int64_t i = 0; i < s.size; ++i) {
      m[i] = beta * m[i] + fresh * s.g[i];
      s.w[i] = kept * s.w[i] - rate * m[i];
    }
  }

  Options o_;
};
EBB_OPTIMIZER@REGISTER@, @TYPE@Optimizer, "description for `ebb optimizers`");

}  // namespace
)---";

const char* const remedy = R"---(#include <ebb/experiments/train/remedy.hpp>

namespace {

using namespace ebb;
using namespace ebb::app;

/// One line on the remedy: here, a penalty on changes of the norm of the cell's output from step to step.
///
///     weight * mean over rows and t > 0 of (|h_t| - |h_{t-1}|)^2
///
/// Options   weight=1
/// Source    the paper
class @TYPE@Remedy final : public ebb::app::Remedy, public PenaltyOnRun {
 public:
  static constexpr const char* first = "weight";  // @NAME@:.5 is @NAME@:weight=.5
  explicit @TYPE@Remedy(GivenOptions& given) : weight_(given.number("weight", 1, "factor of the penalty")) {
    if (!(weight_ >= 0)) throw ValueError("@NAME@: the weight must be at least 0");
  }

  // Called before any work: rejects a model or sizes that the remedy cannot serve.
  void check(const Cell&, const TaskSettings& s) const override {
    if (s.length < 2) throw ValueError("a change from step to step needs a --length of at least 2");
  }

  // These rows' part of the penalty, added to the loss of every update. A remedy that is a GradientRule changes the
  // gradient instead, one with OwnUpdates makes updates of its own.
  PartialLoss penalty(Shard& s, const UnrolledRun& u) const override {
    const Var norms = row_norm(u.run.all());  // [T, rows]
    const int T = u.run.steps();
    return weight_ * s.mean_tokens(square(range(norms, 1, T) - range(norms, 0, T - 1)));
  }

 private:
  double weight_;
};
EBB_REMEDY@REGISTER@, @TYPE@Remedy, "description for `ebb remedies`");

}  // namespace
)---";

const char* const experiment = R"---(#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/train/train.hpp>
#include <ebb/experiments/train/try_out.hpp>

#include <cstdio>

namespace {

using namespace ebb::app;

/// State the question in one line. Here: how well does each cell add two numbers that are far apart?
struct @TYPE@Experiment {
  std::vector<std::string> cells{"rnn", "gru"};
  int length = 50, steps = 500;

  void options(Options& o) {
    o.add("--cells", cells, "cells to compare");
    o.add("--length", length, "T, steps of a sequence").at_least(2).quick(10);
    o.add("--steps", steps, "updates").at_least(1).quick(50);
    o.example("ebb @NAME@ --quick");
  }

  void run(Job& job) {
    // Task and cells. Errors in the user's input are found before the folder is created.
    const auto task = make_task("adding");
    const TaskSettings settings{.hidden = 16, .length = length, .batch = 32, .steps = steps, .lr = 5e-3};
    for (const std::string& cell : cells) try_out(Model{*task, cell, settings, 1}, *task, settings);

    // Training and measurement: runs are independent, so they are distributed over the threads.
    struct Run { std::string cell; std::uint64_t seed; TrainRecord record; double loss; };
    std::vector<Run> runs;
    for (const std::string& cell : cells)
      for (const std::uint64_t seed : job.seeds()) runs.push_back({cell, seed, {}, 0});
    job.start(static_cast<double>(runs.size()) * steps);
    job.parallel(static_cast<int>(runs.size()), [&](int k) {
      Run& run = runs[static_cast<std::size_t>(k)];
      Model model{*task, run.cell, settings, run.seed};
      run.record = train(model, *task, settings, run.seed, [&](const CurvePoint&) { job.progress().advance(1); });
      run.loss = test_loss(model, *task, Split::test, settings);
    });

    // Report: the terminal, summary.json, and a picture and a table in report.html.
    Plot curves{.title = "Loss", .x_label = "update", .y_label = "MSE", .log_y = true};
    Table table{.head = {"cell", "seed", "test MSE"}};
    for (const Run& run : runs) {
      const std::string seed = std::to_string(run.seed), loss = std::to_string(run.loss);
      Series line{.name = run.cell + ", seed " + seed, .group = run.cell};
      for (const CurvePoint& p : run.record.curve) {
        line.x.push_back(p.step);
        line.y.push_back(p.loss);
      }
      curves.series.push_back(line);
      table.rows.push_back({run.cell, seed, loss});
      job.print(run.cell + ", seed " + seed + ": " + loss + "\n");
      job.summary.set({"cells", run.cell, seed, "loss"}, run.loss);
    }
    job.report.lead("How well does each cell add two numbers that are far apart?");
    job.report.plots({curves});
    job.report.table(table);
  }
};
EBB_EXPERIMENT@REGISTER@, @TYPE@Experiment, "description for `ebb --help`");

}  // namespace
)---";

}  // namespace ebb::app::templates
