#include <ebb/nn/layers/tcn.hpp>
#include <ebb/nn/sequence/layer_list.hpp>

namespace ebb {

namespace {

// The minimum number of blocks whose receptive field is at least `steps`.
int enough_blocks(int kernel, int steps) {
  int blocks = 1;
  while (blocks < 16 && 1 + 2 * (kernel - 1) * ((1 << blocks) - 1) < steps) ++blocks;
  return blocks;
}

/// Tcn (tcn.hpp) as a layer, with all blocks of width H.
///
/// Options   kernel=3, steps; blocks=0: as many as needed to cover the T of training
class TcnLayer final : public WholeLayer {
 public:
  TcnLayer(const Builder& options, const Builder& p, const LayerSizes& s) : width_(s.hidden) {
    const int kernel = options.whole("kernel", 3, 1, 1000, "steps per convolution");
    int blocks = options.whole("blocks", 0, 0, 16, "of two convolutions each; 0: as many as needed to cover T steps");
    if (blocks == 0) blocks = enough_blocks(kernel, s.steps);
    const std::vector<int> channels(static_cast<std::size_t>(blocks), s.hidden);
    for (int l = 1; l <= s.layers; ++l)
      nets_.emplace_back(s.layers == 1 ? p : p / std::to_string(l).c_str(), l == 1 ? s.input : s.hidden, channels,
                         TcnOptions{.kernel = kernel, .dropout = s.dropout});
  }
  int width() const override { return width_; }

 protected:
  Var run(const Sequence& x, const Lengths&, const StepContext& at) const override {
    Sequence y = x;
    for (std::size_t l = 0; l < nets_.size(); ++l) y = nets_[l](y, at.named(("tcn " + std::to_string(l + 1)).c_str()));
    return y.all();
  }

 private:
  std::vector<Tcn> nets_;
  int width_;
};
EBB_LAYER(tcn, TcnLayer, false, "dilated causal convolutions, Bai 2018");

}  // namespace
}  // namespace ebb
