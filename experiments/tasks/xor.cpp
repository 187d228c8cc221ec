#include <algorithm>
#include <ebb/experiments/train/abilities.hpp>
#include <ebb/experiments/train/class_meter.hpp>
#include <ebb/experiments/train/simple_task.hpp>
#include <numbers>

namespace ebb::app {
namespace {

/// Accuracy at the steps that have a target.
class XorMeter final : public ClassMeter {
 public:
  explicit XorMeter(int first) : ClassMeter({"0", "1"}, 50, 100 * 2 * .5 / 1.5), first_(first) {}
  void update(const Batch& batch, const Result& r) override {
    const auto& wanted = std::get<EveryStep>(batch.get<SimpleBatch>().targets).tokens;
    const int T = wanted.dim(0);
    const Array scores = class_scores.of(r);
    add(slice_steps(scores, first_, T), wanted.range(first_, T), lengths_of(wanted.dim(1), T - first_));
  }

 private:
  static Lengths lengths_of(int rows, int steps) {
    Lengths all({rows});
    std::fill_n(all.data(), rows, steps);
    return all;
  }
  static Array slice_steps(const Array& scores, int first, int last) {
    Array part = Array::empty({scores.dim(0), last - first, scores.dim(2)}, scores.dtype());
    for (int row = 0; row < scores.dim(0); ++row) part[row].assign(scores[row].range(first, last));
    return part;
  }
  int first_;
};

/// Delayed exclusive or: at every step, the network must output the exclusive or of two earlier bits.
///
///     y[t] = x[t - d] xor x[t - 2 d],  t >= 2 d;   x[t] is 0 or 1 with equal probability
///
/// d is --delay at every length T, so that longer sequences ask for the same memory for more steps.
///
/// Shapes    x [T, B, 1]; y [T, B]; the first 2 d steps have no target
/// Numerics  no single input tells anything about the target: always answering 1/2 has a loss of 1 bit
/// Source    Engelken 2023, arXiv:2312.17306, and the authors' code: N = 80, T = 300, d = 10, batches of 16
/// Differs   two outputs and a softmax, in place of one output and a sigmoid; their loss also has step 2 d - 1, whose
///           earlier bit lies before the first input
class DelayedXor final : public SimpleTask, public HasMeter, public AnyLength {
 public:
  static constexpr TaskOption options[] = {
      {.name = "delay",
       .help = "delay d in steps; the target is the XOR of the inputs d and 2 d steps ago (default: 10, quick: 2)",
       .takes = WholeNumber{1, 9999}}};
  explicit DelayedXor(Inputs& in) : delay_(in.own.choose_whole("delay", in.quick ? 2 : 10)) {}

  TaskInfo info() const override {
    return {.unit = "bits",
            .unit_per_loss = 1 / std::numbers::ln2,
            .baseline = 1,
            .baseline_about = "always answering 1/2"};
  }

  SimpleSizes sizes() const override { return {.inputs = ValueInputs{1}, .outputs = 2, .scores = true}; }

  TaskSettings settings(Size size) const override {
    switch (size) {
      case Size::quick: return {.hidden = 24, .length = 20, .batch = 32, .steps = 400, .lr = 1e-2};
      case Size::full: return {.hidden = 80, .length = 300, .batch = 16, .steps = 20'000, .lr = 1e-3};
      default: return {.hidden = 80, .length = 300, .batch = 16, .steps = 2000, .lr = 3e-3};
    }
  }

  void check_sizes(const TaskSettings& s) const override {
    if (s.length <= 2 * delay_) throw ValueError("--length must be greater than twice --delay");
  }

  Batch batch(const BatchRequest& r) const override {
    const Key key = (r.split == Split::train   ? Key{r.seed}.named("xor")
                     : r.split == Split::valid ? Key{0}.named("xor valid")
                                               : Key{0}.named("xor test"))
                        .at(r.number);
    Array x = bernoulli({r.length, r.rows, 1}, key, .5);
    Tokens y({r.length, r.rows});
    const float* const bit = x.data<float>();
    for (int t = 2 * delay_; t < r.length; ++t)
      for (int row = 0; row < r.rows; ++row)
        y.data()[t * r.rows + row] = bit[(t - delay_) * r.rows + row] != bit[(t - 2 * delay_) * r.rows + row];
    return SimpleBatch{.inputs = x, .targets = EveryStep{.tokens = y, .first = 2 * delay_}};
  }

  int batches(Split, int, int rows) const override { return (512 + rows - 1) / rows; }
  std::string data() const override { return "generated"; }
  bool tested_by_default() const override { return false; }
  std::unique_ptr<Meter> meter() const override { return std::make_unique<XorMeter>(2 * delay_); }

 private:
  int delay_;
};
EBB_TASK_NAMED(delayed_xor, "xor", DelayedXor, "exclusive or of two earlier bits (Engelken 2023)");

}  // namespace
}  // namespace ebb::app
