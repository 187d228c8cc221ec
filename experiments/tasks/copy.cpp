#include <cmath>
#include <ebb/experiments/train/abilities.hpp>
#include <ebb/experiments/train/class_meter.hpp>
#include <ebb/experiments/train/simple_task.hpp>
#include <ebb/ops/reduce.hpp>

namespace ebb::app {
namespace {

constexpr int copy_kinds = 8, copy_blank = 0, copy_marker = 9;  // symbols are 1 to 8

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
///     in    s1 ... sn  blank (D - 1 times)  marker  blank (n times)
///     out   blank (n + D times)                     s1 ... sn
///
/// One symbol per step, one-hot: the blank 0, eight symbols 1 to 8, the marker 9; n is --copied, D is --gap, and
/// T = D + 2 n.
///
/// Shapes    x [T, B, 10]; y [T, B], of 9 classes
/// Numerics  blanks until the marker and random symbols after it have a loss of n ln 8 / T nats per step
/// Source    Arjovsky, Shah & Bengio 2016, arXiv:1511.06464, and the authors' code: n = 10, D = 100 to 500 (their T),
///           batches of 20, RMSprop at .001 with a decay of .9; Hochreiter & Schmidhuber 1997
/// Differs   the gradient is clipped by its norm, not by component
class Copy final : public SimpleTask, public HasMeter, public FixedLength {
 public:
  static constexpr TaskOption options[] = {
      {.name = "copied", .help = "number of symbols to be copied (default: 10)", .takes = WholeNumber{1, 100'000}},
      {.name = "gap",
       .help = "steps between the symbols and their copy, the last with the marker (default: 100, quick: 10)",
       .takes = WholeNumber{1, 1'000'000}}};
  explicit Copy(Inputs& in)
      : copied_(in.own.choose_whole("copied", 10)), gap_(in.own.choose_whole("gap", in.quick ? 10 : 100)) {}

  TaskInfo info() const override {
    return {.unit = "nats/step",
            .baseline = copied_ * std::log(copy_kinds) / length(),
            .baseline_about = "blanks, then random symbols"};
  }

  SimpleSizes sizes() const override {
    return {.inputs = ValueInputs{copy_marker + 1}, .outputs = copy_kinds + 1, .scores = true};
  }

  TaskSettings settings(Size size) const override {
    const std::string rmsprop = "rmsprop:alpha=0.9";
    switch (size) {
      case Size::quick: return {.hidden = 16, .length = length(), .batch = 20, .steps = 200, .lr = 5e-3};
      case Size::full:
        return {.hidden = 128, .length = length(), .batch = 20, .steps = 50'000, .lr = 1e-3, .optimizer = rmsprop};
      default: return {.hidden = 64, .length = length(), .batch = 20, .steps = 5000, .lr = 1e-3, .optimizer = rmsprop};
    }
  }

  Batch batch(const BatchRequest& r) const override {
    const Key key = (r.split == Split::train   ? Key{r.seed}.named("copy")
                     : r.split == Split::valid ? Key{0}.named("copy valid")
                                               : Key{0}.named("copy test"))
                        .at(r.number);
    const int T = length(), width = copy_marker + 1;
    Array x = Array::zeros({T, r.rows, width}, f32);
    Tokens y({T, r.rows});
    for (int row = 0; row < r.rows; ++row) {
      const Key symbols = key.at(static_cast<std::uint64_t>(row));
      for (int t = 0; t < T; ++t) {
        int symbol = t == T - copied_ - 1 ? copy_marker : copy_blank;
        if (t < copied_) {
          symbol = 1 + symbols.below(copy_kinds, static_cast<std::uint64_t>(t));
          y.data()[(T - copied_ + t) * r.rows + row] = symbol;
        }
        x.data<float>()[(t * r.rows + row) * width + symbol] = 1;
      }
    }
    return SimpleBatch{.inputs = x, .targets = EveryStep{.tokens = y}};
  }

  int batches(Split, int, int rows) const override { return (examples + rows - 1) / rows; }
  std::string data() const override { return "generated"; }
  std::unique_ptr<Meter> meter() const override { return std::make_unique<CopyMeter>(copied_); }

 private:
  static constexpr int examples = 500;  // in a test set
  int length() const { return gap_ + 2 * copied_; }
  int copied_, gap_;
};
EBB_TASK(copy, Copy, "output the first symbols of a sequence after a long delay (Arjovsky 2016)");

}  // namespace
}  // namespace ebb::app
