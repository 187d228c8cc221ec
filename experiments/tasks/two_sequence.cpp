#include <algorithm>
#include <cmath>
#include <ebb/experiments/train/class_meter.hpp>
#include <ebb/experiments/train/generated.hpp>
#include <ebb/experiments/train/simple_task.hpp>
#include <ebb/ops/index.hpp>

namespace ebb::app {
namespace {

class TwoSequenceMeter final : public ClassMeter {
 public:
  explicit TwoSequenceMeter(const std::vector<std::string>& names) : ClassMeter(names, 50, 100 * 2 * .5 / 1.5) {}
  void update(const Batch& batch, const Result& r) override {
    add(class_scores.of(r), std::get<LastClass>(batch.get<SimpleBatch>().targets).classes);
  }
};

/// The two-sequence problem: the beginning of a sequence tells its class, which must be output after the last step.
///
///     forms '3a' and '3b': one value per step; the first N are 1 or -1, which is the class, the others noise in
///         N(0, .2). In '3b' the first N have that noise, too. Batches of training have from --length to 1.1 times as
///         many steps
///     form '2c': one symbol per step, one-hot: b, then x or y, then distractors a1 to ap, then e, after which the
///         network must output the second symbol again. T - 3 distractors, and in training k more, with probability
///         .1 .9^k, the same for a batch
///
/// N is --informative, p is --distractors; both are the same at every length T.
///
/// Shapes    x [T, B, 1], form '2c' [T, B, p + 4]; classes [B], of 2
/// Numerics  always answering 1/2 has a loss of ln 2
/// Source    Hochreiter & Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735, experiments 2c (T - 3 = p = 50 to 1000, two
///           cells), 3a and 3b (N = 1 or 3, T = 100 or 1000, three cells); 3a is that of Bengio, Simard & Frasconi 1994,
///           doi:10.1109/72.279181
/// Differs   a softmax, where the paper has logistic outputs; in training one length per batch, where every sequence
///           has its own, and --length in the other splits; in '2c' at most 99 further distractors
class TwoSequence final : public SimpleTask, public HasMeter, public AnyLength {
 public:
  static constexpr TaskOption options[] = {
      {.name = "form",
       .help = "experiment of Hochreiter 1997: 2c, symbols among distractors; 3a, values and noise; 3b, noise on "
               "the first values, too (default: 3a)",
       .takes = OneOf{"2c", "3a", "3b"}},
      {.name = "informative",
       .help = "number of first values that tell the class, in the forms 3a and 3b (default: 3)",
       .takes = WholeNumber{0, 10'000},
       .none = "0"},
      {.name = "distractors",
       .help = "number of different distractors, in the form 2c (default: 50, quick: 10)",
       .takes = WholeNumber{0, 100'000},
       .none = "0"}};
  explicit TwoSequence(Inputs& in)
      : form_(in.own.choose("form", "3a")), informative_(choose(in, "informative", !symbolic(), 3)),
        distractors_(choose(in, "distractors", symbolic(), in.quick ? 10 : 50)) {}

  TaskInfo info() const override {
    return {.unit = "nats", .baseline = std::log(2), .baseline_about = "always answering 1/2"};
  }

  SimpleSizes sizes() const override {
    return {.inputs = ValueInputs{symbolic() ? distractors_ + 4 : 1}, .outputs = 2, .scores = true};
  }

  TaskSettings settings(Size size) const override {
    switch (size) {
      case Size::quick: return {.hidden = 8, .length = symbolic() ? 10 : 20, .batch = 32, .steps = 300, .lr = 2e-2};
      case Size::full:
        if (symbolic()) return {.hidden = 2, .length = 103, .batch = 32, .steps = 20'000, .lr = 1e-2};
        return {.hidden = 3, .length = 1000, .batch = 32, .steps = 15'000, .lr = 1e-2};
      default: return {.hidden = 8, .length = symbolic() ? 53 : 100, .batch = 32, .steps = 3000, .lr = 1e-2};
    }
  }

  void check_sizes(const TaskSettings& s) const override {
    if (symbolic() && s.length < 4) throw ValueError("two-sequence: --length must be at least 4 in the form 2c");
    if (!symbolic() && s.length <= informative_)
      throw ValueError("two-sequence: --length must be greater than --informative");
  }

  int steps(const TaskSettings& s) const override { return s.length + (symbolic() ? most_more : s.length / 10); }

  Batch batch(const BatchRequest& r) const override {
    const Key key = batch_key(r, "two-sequence");
    const int T = r.length + (r.split == Split::train ? further(key.named("length"), r.length) : 0);
    Tokens classes({r.rows});
    for (int row = 0; row < r.rows; ++row)
      classes.data()[row] = key.named("classes").below(2, static_cast<std::uint64_t>(row));
    return SimpleBatch{.inputs = symbolic() ? symbols(key, T, classes) : values(key, T, classes),
                       .targets = LastClass{classes}};
  }

  int batches(Split, int, int rows) const override { return (examples + rows - 1) / rows; }
  std::string data() const override { return "generated"; }
  bool tested_by_default() const override { return false; }
  std::unique_ptr<Meter> meter() const override {
    using Names = std::vector<std::string>;
    return std::make_unique<TwoSequenceMeter>(symbolic() ? Names{"x", "y"} : Names{"-1", "1"});
  }

 private:
  static constexpr int examples = 2560, most_more = 99;

  bool symbolic() const { return form_ == "2c"; }

  /// An option of some forms; 0 in the others.
  int choose(Inputs& in, const char* name, bool applies, int own) const {
    std::string& given = in.own[name];
    if (given == "0") given.clear();
    if (!applies && !given.empty())
      throw ValueError("--" + std::string(name) + " does not apply to the form " + form_ + " of two-sequence");
    return in.own.choose_whole(name, applies ? own : 0);
  }

  int further(const Key& key, int length) const {
    if (!symbolic()) return key.below(length / 10 + 1, 0);
    int more = 0;
    while (more < most_more && key.below(10, static_cast<std::uint64_t>(more)) > 0) ++more;
    return more;
  }

  /// Shapes    [T, B, 1]
  Array values(const Key& key, int T, const Tokens& classes) const {
    const int B = classes.dim(0);
    Array x = normal({T, B, 1}, key.named("noise"), 0, std::sqrt(.2));
    for (int t = 0; t < std::min(informative_, T); ++t)
      for (int row = 0; row < B; ++row) {
        float& at = x.data<float>()[t * B + row];
        at = (classes.data()[row] == 1 ? 1.F : -1.F) + (form_ == "3b" ? at : 0.F);
      }
    return x;
  }

  /// Symbols: the distractors 0 to p - 1, e, b, x, y.
  ///
  /// Shapes    [T, B, p + 4]
  Array symbols(const Key& key, int T, const Tokens& classes) const {
    const int B = classes.dim(0), e = distractors_, b = e + 1, x = b + 1;
    Tokens all = integers({T, B}, key.named("distractors"), 0, distractors_);
    for (int row = 0; row < B; ++row) {
      all.data()[row] = b;
      all.data()[(T - 1) * B + row] = e;
      if (T > 1) all.data()[B + row] = x + classes.data()[row];
    }
    return one_hot(all, distractors_ + 4, f32);
  }

  std::string form_;
  int informative_, distractors_;
};
EBB_TASK_NAMED(two_sequence, "two-sequence", TwoSequence, "classify a sequence by its first values (Hochreiter 1997)");

}  // namespace
}  // namespace ebb::app
