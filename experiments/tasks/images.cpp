#include <ebb/experiments/tasks/fashion.hpp>
#include <ebb/experiments/train/network.hpp>
#include <ebb/nn/layers/conv.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/layers/pool.hpp>
#include <ebb/nn/sequence/dropout.hpp>

namespace ebb::app {
namespace {

/// Two convolutions, each followed by 2 x 2 max pooling, and two linear layers; no recurrence.
///
/// Shapes    x [28, B, 28] -> [B, 10]
/// Source    LeCun et al. 1998, doi:10.1109/5.726791, with relu and max pooling
struct ImageNetwork final : Network {
  static constexpr int maps = 16;
  Conv2d first, second;
  Linear inner, out;
  double left_out;  // dropout rate

  ImageNetwork(const Builder& p, int hidden, double dropped)
      : first(p / "conv1", 1, maps, {.kernel = 5, .padding = 2}),
        second(p / "conv2", maps, 2 * maps, {.kernel = 3, .padding = 1}), inner(p / "inner", 2 * maps * 7 * 7, hidden),
        out(p / "out", hidden, FashionImages::classes), left_out(dropped) {}

  PartialLoss loss(Shard& s, const Batch& batch) const override {
    const auto& b = batch.get<ImageBatch>();
    constexpr int side = FashionImages::side;
    Var x = reshape(transpose(s.sequence(b.x).all(), {1, 0, 2}), {s.rows(), 1, side, side});
    x = relu(max_pool2d(first(x)));
    x = relu(max_pool2d(second(x)));
    x = relu(inner(reshape(x, {s.rows(), -1})));
    const Var score = out(dropout(x, left_out, s.context()));
    if (!s.context().training()) class_scores.put(s, score);
    return s.mean_rows(cross_entropy(score, s.rows(b.labels)));
  }
};

/// Image classification without recurrence, for comparison; rejects --cell. --hidden is the width of the linear layer.
class Images final : public FashionTask, public HasFeedForward, public HasDropout {
 public:
  explicit Images(Inputs& in) : FashionTask("images", in) {}
  Batch batch(const BatchRequest& r) const override { return images().batch(r); }
  TaskSettings settings(Size size) const override {
    if (size == Size::quick)
      return {.hidden = 16,
              .length = FashionImages::side,
              .batch = 20,
              .steps = 80,
              .lr = 3e-3,
              .patience = all_validations};
    return {.hidden = 64,
            .length = FashionImages::side,
            .batch = 100,
            .steps = 1600,
            .lr = 3e-3,
            .schedule = "one-cycle",
            .patience = 6};
  }
  NetworkDropout own_dropout() const override { return {.output = .25}; }
  std::unique_ptr<Network> network(const Builder& p, const TaskSettings& s) const override {
    return std::make_unique<ImageNetwork>(p, s.hidden, s.network.output.value_or(0));
  }
};
EBB_TASK(images, Images, "classify images of 28 x 28 pixels by convolution (Fashion-MNIST)");

}  // namespace
}  // namespace ebb::app
