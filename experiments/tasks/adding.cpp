#include <ebb/experiments/train/simple_task.hpp>

namespace ebb::app {
namespace {

/// The adding problem: two of T random numbers are marked, and the network must output their sum after the last one.
///
///     x[t] = (u_t, m_t),  u_t in U[0, 1),  m_t = 1 at one step of the first half and one of the second;  y = sum m_t u_t
///
/// Shapes    x [T, B, 2]; y [B, 1]
/// Numerics  always answering 1 has a loss of 1/6, the variance of the sum of two uniform numbers
/// Source    Arjovsky, Shah & Bengio 2016, arXiv:1511.06464; Hochreiter & Schmidhuber 1997
class Adding final : public SimpleTask {
 public:
  explicit Adding(const Inputs&) {}

  TaskInfo info() const override {
    return {.unit = "MSE", .speed_unit = "steps", .baseline = 1.0 / 6, .baseline_about = "always answering 1"};
  }

  SimpleSizes sizes() const override { return {.inputs = ValueInputs{2}, .outputs = 1}; }

  TaskSettings settings(Size size) const override {
    switch (size) {
      case Size::quick: return {.hidden = 16, .length = 20, .batch = 16, .steps = 200, .lr = 1e-2};
      case Size::full: return {.hidden = 128, .length = 400, .batch = 32, .steps = 20'000, .lr = 1e-3, .enough = .001};
      default: return {.hidden = 32, .length = 100, .batch = 32, .steps = 2500, .lr = 5e-3, .enough = .003};
    }
  }

  Batch batch(const BatchRequest& r) const override {
    if (r.length < 2) throw ValueError("adding: sequences need at least 2 steps, one marker in each half");
    Key key = r.split == Split::train   ? Key{r.seed}.named("adding")
              : r.split == Split::valid ? Key{0}.named("adding valid")
                                        : Key{0}.named("adding test");
    key = key.at(r.number);
    const Key marks = key.named("marks");
    const int half = r.length / 2;
    Array inputs = Array::zeros({r.length, r.rows, 2}, f32), sums = Array::zeros({r.rows, 1}, f32);
    float* x = inputs.data<float>();
    for (int row = 0; row < r.rows; ++row) {
      const auto id = static_cast<std::uint64_t>(row);
      const int marked[] = {marks.below(half, 2 * id), half + marks.below(r.length - half, 2 * id + 1)};
      const Array u = uniform({r.length}, key, 0, 1, f32, id * static_cast<std::uint64_t>(r.length));
      for (int t = 0; t < r.length; ++t) x[(t * r.rows + row) * 2] = u.data<float>()[t];
      for (const int t : marked) {
        x[(t * r.rows + row) * 2 + 1] = 1;
        sums.data<float>()[row] += x[(t * r.rows + row) * 2];
      }
    }
    return SimpleBatch{.inputs = inputs, .targets = LastStep{sums}};
  }

  int batches(Split, int, int rows) const override { return (examples + rows - 1) / rows; }
  std::string data() const override { return "generated"; }

 private:
  static constexpr int examples = 512;  // in a test set: determines the MSE of the baseline to about 5 %
};
EBB_TASK(adding, Adding, "add two marked numbers in a long sequence (Arjovsky 2016)");

}  // namespace
}  // namespace ebb::app
