#include <algorithm>
#include <ebb/experiments/tasks/fashion.hpp>
#include <ebb/experiments/train/network.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/sequence/sequence_layer.hpp>
#include <numeric>

namespace ebb::app {
namespace {

/// The class from the output after the last step.
///
/// Shapes    x [T, B, I] -> [B, 10]
struct PixelNetwork final : Network {
  LayerPtr cell;
  Linear out;
  PixelNetwork(const Builder& p, const Recurrence& r, int input)
      : cell(r.layer(p / "cell", input)), out(p / "out", r.settings.hidden, FashionTask::classes) {}

  PartialLoss loss(Shard& s, const Batch& b, const StateArrays&) const override {
    const Var score = out(unroll(*cell, s.sequence(b.x), s.context()).last());
    if (!s.context().training()) s.out("scores", score);
    return s.mean_rows(cross_entropy(score, s.rows(b.labels)));
  }
};

/// The same images as sequences: 28 lines of 28 pixels, or 784 pixels one by one, perhaps in an order drawn once for
/// all images.
///
/// Shapes    x [28, B, 28], or [784, B, 1]; labels [B]
/// Source    Le, Jaitly & Hinton 2015, arXiv:1504.00941
class Pixels final : public FashionTask {
 public:
  static constexpr TaskOption options[] = {
      {.name = "order", .type = "WHICH", .help = "of an image as a sequence: rows, pixels or permuted"}};
  explicit Pixels(const Inputs& in) : FashionTask("pixels", in), order_(side * side) {
    check_name("order", inputs_.own.choose("order", "rows"), {"rows", "pixels", "permuted"});
    std::iota(order_.begin(), order_.end(), 0);
    if (inputs_.own["order"] != "permuted") return;
    const Key key = Key{1}.named("permutation");
    for (std::size_t k = order_.size() - 1; k > 0; --k)
      std::swap(order_[k], order_[static_cast<std::size_t>(key.below(static_cast<int>(k) + 1, k))]);
  }

  TaskSettings settings(Size size) const override {
    if (size == Size::quick)
      return {.hidden = 24, .length = 28, .batch = 20, .steps = 200, .lr = 1e-2, .patience = all_validations};
    return {
        .hidden = 128, .length = 28, .batch = 100, .steps = 3300, .lr = 3e-3, .schedule = "one-cycle", .patience = 8};
  }

  Batch batch(const BatchRequest& r) const override {
    Batch b = FashionTask::batch(r);
    if (inputs_.own["order"] == "rows") return b;
    const int B = b.rows();
    Array one_by_one = Array::empty({side * side, B, 1}, f32);
    for (int t = 0; t < side * side; ++t) {
      const int pixel = order_[static_cast<std::size_t>(t)];
      for (int row = 0; row < B; ++row)
        one_by_one.data<float>()[t * B + row] = b.x.data<float>()[(pixel / side * B + row) * side + pixel % side];
    }
    b.x = one_by_one;
    return b;
  }

  Inputs inputs() const override { return {.data = inputs_.data, .own = inputs_.own}; }
  int steps(const TaskSettings&) const override {
    return inputs_.own["order"] == "rows" ? side : side * side;
  }  // whatever --length says

  std::unique_ptr<Network> network(const Builder& p, const Recurrence& r) const override {
    return std::make_unique<PixelNetwork>(p, r, inputs_.own["order"] == "rows" ? side : 1);
  }

 private:
  std::vector<int> order_;
};
EBB_TASK(pixels, Pixels, "the same images, read line by line or pixel by pixel");

}  // namespace
}  // namespace ebb::app
