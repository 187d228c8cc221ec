#include <algorithm>
#include <ebb/experiments/tasks/fashion.hpp>
#include <ebb/experiments/train/network.hpp>
#include <ebb/experiments/train/recurrent_network.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/sequence/sequence_layer.hpp>
#include <numeric>

namespace ebb::app {
namespace {

/// Predicts the class from the output after the last step.
///
/// Shapes    x [T, B, I] -> [B, 10]
struct PixelNetwork final : Network, RecurrentNetwork {
  LayerPtr cell;
  Linear out;
  PixelNetwork(const Builder& p, const Recurrence& r, int input)
      : cell(r.layer(p / "cell", input)), out(p / "out", r.settings.hidden, FashionImages::classes) {}

  PartialLoss loss(Shard& s, const Batch& batch) const override {
    const auto& b = batch.get<ImageBatch>();
    const Var score = out(unroll(*cell, s.sequence(b.x), s.context()).last());
    if (!s.context().training()) class_scores.put(s, score);
    return s.mean_rows(cross_entropy(score, s.rows(b.labels)));
  }

  std::string recurrence_scope() const override { return "net/cell"; }
  const Cell* recurrence() const override { return cell->cell(); }
  Sequence recurrence_inputs(Shard& s, const Batch& b) const override { return s.sequence(b.get<ImageBatch>().x); }
  PartialLoss last_loss(Shard& s, const Batch& b, const Var& /*x*/, const Var& y) const override {
    return s.sum(cross_entropy(out(y), s.rows(b.get<ImageBatch>().labels)));
  }
};

/// The same images as sequences: 28 lines of 28 pixels, or 784 single pixels, optionally in a random order that is the
/// same for all images.
///
/// Shapes    x [28, B, 28], or [784, B, 1]; labels [B]
/// Source    Le, Jaitly & Hinton 2015, arXiv:1504.00941
class Pixels final : public FashionTask, public HasNetwork {
 public:
  static constexpr TaskOption options[] = {{.name = "order",
                                            .help = "order in which an image is read: rows, pixels or permuted",
                                            .takes = OneOf{"rows", "pixels", "permuted"}}};
  explicit Pixels(Inputs& in) : FashionTask("pixels", in), order_(side * side) {
    const std::string& order = in.own.choose("order", "rows");
    by_rows_ = order == "rows";
    std::iota(order_.begin(), order_.end(), 0);
    if (order != "permuted") return;
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
    ImageBatch b = images().batch(r);
    if (by_rows_) return b;
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

  int steps(const TaskSettings&) const override { return by_rows_ ? side : side * side; }

  std::unique_ptr<Network> network(const Builder& p, const Recurrence& r) const override {
    return std::make_unique<PixelNetwork>(p, r, by_rows_ ? side : 1);
  }

 private:
  static constexpr int side = FashionImages::side;
  bool by_rows_ = true;
  std::vector<int> order_;  // of pixels
};
EBB_TASK(pixels, Pixels, "classify the same images, read line by line or pixel by pixel");

}  // namespace
}  // namespace ebb::app
