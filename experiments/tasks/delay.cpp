#include <algorithm>
#include <ebb/experiments/train/abilities.hpp>
#include <ebb/experiments/train/generated.hpp>
#include <ebb/experiments/train/network.hpp>
#include <ebb/experiments/train/recurrent_network.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/losses/loss.hpp>
#include <ebb/nn/sequence/sequence_layer.hpp>

namespace ebb::app {
namespace {

/// Vectors, each of which is the target `delay` steps later.
struct DelayBatch {
  Array x;  // [T, B, n]
  int delay;

  int rows() const { return x.dim(1); }
  int steps() const { return x.dim(0); }
};

/// Shapes    x [T, B, n] -> [T, B, n]; the first steps have no target
struct DelayNetwork final : Network, RecurrentNetwork {
  LayerPtr cell;
  Linear out;
  DelayNetwork(const Builder& p, const Recurrence& r, int width)
      : cell(r.layer(p / "cell", width)), out(p / "out", r.settings.hidden, width) {}

  PartialLoss loss(Shard& s, const Batch& batch) const override {
    const auto& b = batch.get<DelayBatch>();
    const int T = b.steps();
    const Sequence x = s.sequence(b.x);
    const Var y = out(unroll(*cell, x, s.context()).all());
    return s.mean_tokens(squared_error(range(y, b.delay, T), range(x.all(), 0, T - b.delay)));
  }

  std::string recurrence_scope() const override { return "net/cell"; }
  const Cell* recurrence() const override { return cell->cell(); }
  Sequence recurrence_inputs(Shard& s, const Batch& b) const override { return s.sequence(b.get<DelayBatch>().x); }
  PartialLoss last_loss(Shard& s, const Batch& batch, const Var& /*x*/, const Var& y) const override {
    const auto& b = batch.get<DelayBatch>();
    return s.sum(squared_error(out(y), s.rows(b.x[std::max(b.steps() - 1 - b.delay, 0)])));
  }
  bool is_squared_error(const Batch&) const override { return true; }
  std::function<Var(const Var&, int)> step_loss(const Batch& batch) const override {
    return [this, b = batch.get<DelayBatch>()](const Var& y, int t) {
      const Var loss = squared_error(out(y), constant(b.x[std::max(t - b.delay, 0)].to(f64)));
      return t < b.delay ? 0 * loss : loss;
    };
  }
};

/// Delayed recall: at every step, the network must output the vector that it read some steps before.
///
///     y[t] = x[t - d],  t >= d;   x[t] in N(0, 1)^n
///
/// d is --delay, n is --width; both are the same at every length T. A linear recurrence needs (d + 1) n units: the
/// vectors of all those steps.
///
/// Shapes    x [T, B, n]; the first d steps have no target
/// Numerics  always answering 0 has an MSE of 1, the variance
/// Source    Jaeger 2001, Short term memory in echo state networks, GMD report 152; White, Lee & Sompolinsky 2004,
///           doi:10.1103/PhysRevLett.92.148102: Gaussian inputs
/// Differs   trained, where both have a random recurrence with a trained output; vectors, where both have one number
class Delay final : public Task, public HasNetwork, public AnyLength {
 public:
  static constexpr TaskOption options[] = {
      {.name = "delay",
       .help = "delay d in steps; the target is the input d steps ago (default: 10, quick: 2)",
       .takes = WholeNumber{1, 9999}},
      {.name = "width", .help = "number of values per step (default: 2)", .takes = WholeNumber{1, 1000}}};
  explicit Delay(Inputs& in)
      : delay_(in.own.choose_whole("delay", in.quick ? 2 : 10)), width_(in.own.choose_whole("width", 2)) {}

  TaskInfo info() const override { return {.unit = "MSE", .baseline = 1, .baseline_about = "always answering 0"}; }

  TaskSettings settings(Size size) const override {
    switch (size) {
      case Size::quick: return {.hidden = 24, .length = 20, .batch = 32, .steps = 300, .lr = 1e-2};
      case Size::full: return {.hidden = 128, .length = 200, .batch = 32, .steps = 20'000, .lr = 1e-3, .enough = 1e-4};
      default: return {.hidden = 64, .length = 60, .batch = 32, .steps = 3000, .lr = 3e-3, .enough = 1e-3};
    }
  }

  void check_sizes(const TaskSettings& s) const override {
    if (s.length <= delay_) throw ValueError("delay: --length must be greater than --delay");
  }

  Batch batch(const BatchRequest& r) const override {
    return DelayBatch{.x = normal({r.length, r.rows, width_}, batch_key(r, "delay"), 0, 1), .delay = delay_};
  }

  int batches(Split, int, int rows) const override { return (512 + rows - 1) / rows; }
  std::string data() const override { return "generated"; }
  bool tested_by_default() const override { return false; }
  std::unique_ptr<Network> network(const Builder& p, const Recurrence& r) const override {
    return std::make_unique<DelayNetwork>(p, r, width_);
  }

 private:
  int delay_, width_;
};
EBB_TASK(delay, Delay, "output the vector that was read some steps before");

}  // namespace
}  // namespace ebb::app
