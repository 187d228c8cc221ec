#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/train/abilities.hpp>
#include <ebb/experiments/train/class_meter.hpp>
#include <ebb/experiments/train/generated.hpp>
#include <ebb/experiments/train/simple_task.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/reduce.hpp>

namespace ebb::app {
namespace {

constexpr int copy_kinds = 8, copy_marker = 9;  // the blank is 0, symbols are 1 to 8

/// The share of symbols that are output correctly, at the steps where they are due.
class CopyMeter final : public Meter {
 public:
  explicit CopyMeter(int copied) : copied_(copied) {}

  void update(const Batch& batch, const Result& r) override {
    const auto& wanted = std::get<EveryStep>(batch.get<SimpleBatch>().targets).tokens;
    const Tokens best = argmax(class_scores.of(r));  // [B, T]
    const int T = wanted.dim(0), B = wanted.dim(1);
    for (int row = 0; row < B; ++row)
      for (int t = T - copied_; t < T; ++t) {
        right_ += best.at({row, t}) == wanted.at({t, row});
        all_ += 1;
      }
  }

  std::vector<Measure> measures() const override {
    if (all_ == 0) throw ValueError("nothing was measured");
    return {{.name = "copied",
             .value = 100 * right_ / all_,
             .unit = "%",
             .baseline = 100.0 / copy_kinds,
             .baseline_about = "a random symbol"}};
  }

 private:
  int copied_;
  double right_ = 0, all_ = 0;
};

/// The copy task: the first symbols of a sequence must be output at its end, after a gap.
///
///     form 'arjovsky'    in    s1 ... sn  blank (D - 1 times)  marker  blank (n times)
///     form 'bai'         in    s1 ... sn  blank (D - 1 times)  marker (n + 1 times)
///     form 'selective'   in    s1 ... sn among D - 1 blanks    marker  blank (n times)
///     all                out   blank (n + D times)                     s1 ... sn
///
/// One symbol per step: the blank 0, eight symbols 1 to 8, the marker 9; n is --copied, D is --gap, and T = D + 2 n.
/// In the form 'selective' the symbols are at random steps, in order, each set of steps equally likely, so that a
/// network must tell them from the blanks: counting steps does not help. Inputs are one-hot, and the marker has no
/// class; in the form 'bai' the input is the number itself, and the marker has a class, which is never a target. A
/// trained model is tested at other lengths T by another gap.
///
/// Shapes    x [T, B, 10]; y [T, B], of 9 classes.  Form 'bai': x [T, B, 1]; y of 10 classes
/// Numerics  blanks until the marker and random symbols after it have a loss of n ln 8 / T nats per step
/// Source    Arjovsky, Shah & Bengio 2016, arXiv:1511.06464, and the authors' code: n = 10, D = 100 to 500 (their T),
///           batches of 20, RMSprop at .001 with a decay of .9; Hochreiter & Schmidhuber 1997.
///           Bai, Kolter & Koltun 2018, arXiv:1803.01271, and the authors' code (copy_memory): n = 10, D = 1000 (their
///           T), batches of 32, RMSprop at .0005, clipped to the norm 1, 50 epochs of 10,000 sequences, 16,000 weights.
///           Gu & Dao 2023, arXiv:2312.00752, section 4.1.1: selective copying, 16 symbols of 16 kinds in 4,096 steps
/// Differs   the gradient is clipped by its norm, where Arjovsky clips each component; new sequences in every batch,
///           where Bai repeats 10,000
class Copy final : public SimpleTask, public HasMeter, public FixedLength, public AnyLength {
 public:
  static constexpr TaskOption options[] = {
      {.name = "copied", .help = "number of symbols to be copied (default: 10)", .takes = WholeNumber{1, 100'000}},
      {.name = "gap",
       .help = "steps between the symbols and their copy, the last with the marker (default: 100, quick: 10)",
       .takes = WholeNumber{1, 1'000'000}},
      {.name = "form",
       .help = "whose version of the task: that of Arjovsky 2016, or that of Bai 2018 with a single input; or "
               "selective, of Gu & Dao 2023: symbols at random steps (default: arjovsky)",
       .takes = OneOf{"arjovsky", "bai", "selective"}}};
  explicit Copy(Inputs& in)
      : copied_(in.own.choose_whole("copied", 10)), gap_(in.own.choose_whole("gap", in.quick ? 10 : 100)),
        form_(in.own.choose("form", "arjovsky")) {}

  TaskInfo info() const override {
    return {.unit = "nats/step",
            .baseline = copied_ * std::log(copy_kinds) / length(),
            .baseline_about = "blanks, then random symbols"};
  }

  SimpleSizes sizes() const override {
    if (bai()) return {.inputs = ValueInputs{1}, .outputs = copy_marker + 1, .scores = true};
    return {.inputs = ValueInputs{copy_marker + 1}, .outputs = copy_kinds + 1, .scores = true};
  }

  TaskSettings settings(Size size) const override {
    const int rows = bai() ? 32 : 20;
    const double lr = bai() ? 5e-4 : 1e-3;
    const std::string rmsprop = bai() ? "rmsprop" : "rmsprop:alpha=0.9";
    switch (size) {
      case Size::quick:
        return {.hidden = 16, .length = length(), .batch = rows, .steps = 200, .lr = bai() ? 2e-2 : 5e-3};
      case Size::full:  // 61 units of an LSTM with one input have 16,000 weights
        return {.hidden = bai() ? 61 : 128,
                .length = length(),
                .batch = rows,
                .steps = bai() ? 15'650 : 50'000,
                .lr = lr,
                .optimizer = rmsprop};
      default: return {.hidden = 64, .length = length(), .batch = rows, .steps = 5000, .lr = lr, .optimizer = rmsprop};
    }
  }

  Batch batch(const BatchRequest& r) const override {
    const Key key = batch_key(r, "copy");
    const int T = length();
    Tokens x({T, r.rows}), y({T, r.rows});
    for (int row = 0; row < r.rows; ++row) {
      const Key symbols = key.at(static_cast<std::uint64_t>(row));
      const std::vector<int> at = steps_of_symbols(symbols);
      for (int k = 0; k < copied_; ++k)
        x.data()[at[static_cast<std::size_t>(k)] * r.rows + row] = y.data()[(T - copied_ + k) * r.rows + row] =
            1 + symbols.below(copy_kinds, static_cast<std::uint64_t>(k));
      for (int t = T - copied_ - 1; t < (bai() ? T : T - copied_); ++t) x.data()[t * r.rows + row] = copy_marker;
    }
    return SimpleBatch{.inputs = bai() ? numbers(x) : one_hot(x, copy_marker + 1, f32),
                       .targets = EveryStep{.tokens = y}};
  }

  int batches(Split, int, int rows) const override { return (examples + rows - 1) / rows; }
  std::string data() const override { return "generated"; }
  std::unique_ptr<Meter> meter() const override { return std::make_unique<CopyMeter>(copied_); }

  int sequences_at(int) const override { return examples; }
  std::unique_ptr<Task> with_length(int length) const override {
    if (length <= 2 * copied_)
      throw ValueError(fmt::format("a length of {} has no gap: {} of --copied take at least {} steps", length, copied_,
                                   2 * copied_ + 1));
    Inputs longer = inputs();
    longer.own["gap"] = std::to_string(length - 2 * copied_);
    return make_task(name(), longer);
  }

 private:
  static constexpr int examples = 500;  // in a test set
  int length() const { return gap_ + 2 * copied_; }
  bool bai() const { return form_ == "bai"; }
  /// The steps of a row's symbols: the first ones, or in the form 'selective' a random choice of those before the
  /// marker, by selection sampling (Knuth 1997, algorithm 3.4.2 S).
  std::vector<int> steps_of_symbols(Key row) const {
    std::vector<int> steps;
    const int all = copied_ + (form_ == "selective" ? gap_ - 1 : 0);
    for (int t = 0; t < all; ++t) {
      const int wanted = copied_ - static_cast<int>(steps.size()), left = all - t;
      if (wanted == left || row.below(left, static_cast<std::uint64_t>(copied_ + t)) < wanted) steps.push_back(t);
    }
    return steps;
  }
  static Array numbers(const Tokens& symbols) {
    Array x = Array::empty({symbols.dim(0), symbols.dim(1), 1}, f32);
    std::copy_n(symbols.data(), symbols.size(), x.data<float>());
    return x;
  }
  int copied_, gap_;
  std::string form_;
};
EBB_TASK(copy, Copy, "output the first symbols of a sequence after a long delay (Arjovsky 2016)");

}  // namespace
}  // namespace ebb::app
