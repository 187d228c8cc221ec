#include <algorithm>
#include <ebb/experiments/train/abilities.hpp>
#include <ebb/experiments/train/generated.hpp>
#include <ebb/experiments/train/simple_task.hpp>
#include <ebb/experiments/train/tolerance_meter.hpp>

namespace ebb::app {
namespace {

enum class AddingForm { arjovsky, bai, hochreiter, skip };

AddingForm adding_form(const std::string& name) {
  return name == "bai"          ? AddingForm::bai
         : name == "hochreiter" ? AddingForm::hochreiter
         : name == "skip"       ? AddingForm::skip
                                : AddingForm::arjovsky;
}

/// The adding problem: two of T random numbers are marked, and the network must output their sum after the last one.
///
///     x[t] = (u_t, m_t),  m_t = 1 at two steps, else 0;   y = sum of the marked u_t
///
///     form 'arjovsky': u in U[0, 1); one mark in each half
///     form 'bai': u in U[0, 1); marks at any two steps
///     form 'hochreiter': u in U[-1, 1); y = .5 + sum / 4; m is -1 at the first and the last step; one mark in the first
///         10 steps, the second in the first T/2 - 1 of the others; u = 0 at the first step if the first mark falls on
///         it. Batches of training have from --length to 1.1 times as many steps
///     form 'skip': u in U[-.5, .5); one mark in the first tenth, one in the second half
///
/// T is --length. A trained model is tested at other lengths with --test-lengths; the windows of the marks grow with T,
/// except the first ten steps of the form 'hochreiter'.
///
/// Shapes    x [T, B, 2]; y [B, 1]
/// Numerics  always answering the mean has a loss of 1/6, the variance of the sum of two uniform numbers. Form
///           'hochreiter': (9/10 2/3 + 1/10 1/3) / 16 = .0396, as one mark in ten is on the first step; an answer is
///           correct if its error is below .04, which 15.4 % of the constant answers .5 are
/// Source    Arjovsky, Shah & Bengio 2016, arXiv:1511.06464, and the authors' code: batches of 20, RMSprop at .001.
///           Bai, Kolter & Koltun 2018, arXiv:1803.01271, and the authors' code: T = 200 to 600, batches of 32, Adam at
///           .004; its page has the loss of a constant answer as .1767. Hochreiter & Schmidhuber 1997,
///           doi:10.1162/neco.1997.9.8.1735, experiment 4: two blocks of two cells, T = 100 to 1000. Campos et al. 2018,
///           arXiv:1708.06834, and the authors' code: T = 50, 110 units, batches of 256, Adam at .0001; it prints half
///           of the squared error
/// Differs   form 'hochreiter': in training one length per batch, where every sequence has its own, and --length in the
///           other splits; a marked first step has the mark 1, which the paper leaves open
class Adding final : public SimpleTask, public HasMeter, public AnyLength {
 public:
  static constexpr TaskOption options[] = {
      {.name = "form",
       .help = "whose version of the task: that of Arjovsky 2016, Bai 2018, Hochreiter 1997 (experiment 4), or of "
               "Skip RNN, Campos 2018 (default: arjovsky)",
       .takes = OneOf{"arjovsky", "bai", "hochreiter", "skip"}}};
  explicit Adding(Inputs& in) : form_(adding_form(in.own.choose("form", "arjovsky"))) {}

  TaskInfo info() const override {
    const bool scaled = form_ == AddingForm::hochreiter;
    return {.unit = "MSE",
            .speed_unit = "steps",
            .baseline = scaled ? 19.0 / 480 : 1.0 / 6,
            .baseline_about = scaled                      ? "always answering 1/2"
                              : form_ == AddingForm::skip ? "always answering 0"
                                                          : "always answering 1"};
  }

  SimpleSizes sizes() const override {
    return {.inputs = ValueInputs{2}, .outputs = 1, .scores = form_ == AddingForm::hochreiter};
  }

  TaskSettings settings(Size size) const override {
    TaskSettings s{.hidden = 32, .length = 100, .batch = 32, .steps = 2500, .lr = 5e-3, .enough = .003};
    if (size == Size::quick) s = {.hidden = 16, .length = 20, .batch = 16, .steps = 200, .lr = 1e-2};
    if (size == Size::full) s = full_settings();
    if (form_ == AddingForm::hochreiter) s.enough /= 4;  // its losses are smaller
    return s;
  }

  void check_sizes(const TaskSettings& s) const override {
    if (s.length < 2) throw ValueError("adding: --length must be at least 2, one step for each mark");
    if (form_ == AddingForm::hochreiter && s.length < 20)
      throw ValueError("adding: --length must be at least 20, so that the first ten steps are in the first half");
  }

  int steps(const TaskSettings& s) const override { return s.length + extra(s.length); }

  Batch batch(const BatchRequest& r) const override {
    const Key key = batch_key(r, "adding"), marks = key.named("marks");
    int T = r.length;
    if (r.split == Split::train && extra(T) > 0) T += key.named("length").below(extra(T) + 1, 0);
    Array inputs = Array::zeros({T, r.rows, 2}, f32), sums = Array::zeros({r.rows, 1}, f32);
    float* x = inputs.data<float>();
    for (int row = 0; row < r.rows; ++row) {
      const auto id = static_cast<std::uint64_t>(row);
      const auto [first, second] = places(marks, id, T, r.length);
      const Array u = uniform({T}, key, low(), high(), f32, id * static_cast<std::uint64_t>(T));
      for (int t = 0; t < T; ++t) x[(t * r.rows + row) * 2] = u.data<float>()[t];
      if (form_ == AddingForm::hochreiter) mark_ends(x + static_cast<std::ptrdiff_t>(row) * 2, T, r.rows, first);
      for (const int t : {first, second}) {
        x[(t * r.rows + row) * 2 + 1] = 1;
        sums.data<float>()[row] += x[(t * r.rows + row) * 2];
      }
    }
    if (form_ == AddingForm::hochreiter)
      for (int row = 0; row < r.rows; ++row) sums.data<float>()[row] = .5F + sums.data<float>()[row] / 4;
    return SimpleBatch{.inputs = inputs, .targets = LastStep{sums}};
  }

  int batches(Split, int, int rows) const override { return (examples() + rows - 1) / rows; }
  std::string data() const override { return "generated"; }
  bool tested_by_default() const override { return false; }
  std::unique_ptr<Meter> meter() const override {
    if (form_ != AddingForm::hochreiter) return nullptr;
    return std::make_unique<ToleranceMeter>(.04, 100 * (.9 * .1536 + .1 * .16), "always answering 1/2");
  }

 private:
  TaskSettings full_settings() const {
    switch (form_) {
      case AddingForm::bai: return {.hidden = 130, .length = 600, .batch = 32, .steps = 15'630, .lr = 4e-3};
      case AddingForm::hochreiter: return {.hidden = 4, .length = 1000, .batch = 32, .steps = 50'000, .lr = 5e-3};
      case AddingForm::skip:
        return {.hidden = 110, .length = 50, .batch = 256, .steps = 50'000, .lr = 1e-4, .enough = 1.0 / 600};
      default: return {.hidden = 128, .length = 400, .batch = 32, .steps = 20'000, .lr = 1e-3, .enough = .001};
    }
  }

  /// The two marked steps. T is --length in the form 'hochreiter', in which a sequence may be longer.
  std::pair<int, int> places(const Key& marks, std::uint64_t id, int steps, int T) const {
    const auto draw = [&](int n, std::uint64_t which) { return marks.below(n, 2 * id + which); };
    const auto other_than = [](int first, int second) { return second + (second >= first); };
    switch (form_) {
      case AddingForm::bai: {
        const int first = draw(steps, 0);
        return {first, other_than(first, draw(steps - 1, 1))};
      }
      case AddingForm::hochreiter: {
        const int first = draw(std::min(10, std::max(T / 2, 1)), 0);
        return {first, other_than(first, draw(std::max(T / 2 - 1, 1), 1))};
      }
      case AddingForm::skip: return {draw(std::max(steps / 10, 1), 0), steps / 2 + draw(steps - steps / 2, 1)};
      default: return {draw(steps / 2, 0), steps / 2 + draw(steps - steps / 2, 1)};
    }
  }

  static void mark_ends(float* row, int T, int rows, int first) {
    row[1] = row[static_cast<std::ptrdiff_t>(T - 1) * rows * 2 + 1] = -1;
    if (first == 0) row[0] = 0;
  }

  double low() const { return form_ == AddingForm::hochreiter ? -1 : form_ == AddingForm::skip ? -.5 : 0; }
  double high() const { return form_ == AddingForm::skip ? .5 : 1; }
  int extra(int length) const { return form_ == AddingForm::hochreiter ? length / 10 : 0; }
  /// In a test set: 512 determine the MSE of the baseline to about 5 %; Hochreiter has 2,560.
  int examples() const { return form_ == AddingForm::hochreiter ? 2560 : 512; }

  AddingForm form_;
};
EBB_TASK(adding, Adding, "add two marked numbers in a long sequence (Arjovsky 2016)");

}  // namespace
}  // namespace ebb::app
