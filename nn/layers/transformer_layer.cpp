#include <ebb/nn/layers/transformer.hpp>
#include <ebb/nn/sequence/layer_list.hpp>

namespace ebb {

namespace {

constexpr int longest_waves = 4096;  // steps; sinusoids are not parameters and cost only memory

/// Transformer (transformer.hpp) of width H after a linear projection, as a layer.
///
///     y = transformer(x W + b)
///
/// Options   heads=4; blocks=2, times --layers; positions=sinusoidal|learned; longest=0, maximum steps: the T of
///           training if positions are learned, else 4,096
class TransformerLayer final : public WholeLayer {
 public:
  TransformerLayer(const Builder& options, const Builder& p, const LayerSizes& s)
      : net_(p, options_of(options, s)), in_(p / "in", s.input, s.hidden) {}
  int width() const override { return net_.options.width; }

 protected:
  bool is_bidirectional() const override { return !net_.options.causal; }
  Var run(const Sequence& x, const Lengths& lengths, const StepContext& at) const override {
    const Sequence y = in_(x.all());
    const StepContext own = at.named("transformer");
    return (net_.options.causal ? net_(y, own) : net_(y, lengths, own)).all();
  }

 private:
  static TransformerOptions options_of(const Builder& o, const LayerSizes& s) {
    TransformerOptions t{.width = s.hidden, .dropout = s.dropout, .causal = !s.both};
    t.heads = o.whole("heads", 4, 1, 1024, "attention heads, which must divide the width");
    t.layers = s.layers * o.whole("blocks", 2, 1, 64, "of attention and feed-forward network, times --layers");
    t.positions = o.choice("positions", "sinusoidal|learned", "position encoding") ? PositionKind::learned
                                                                                   : PositionKind::sinusoidal;
    t.longest =
        o.whole("longest", 0, 0, 1 << 20, "maximum steps of a sequence; 0: T if positions are learned, else 4096");
    if (t.longest == 0) t.longest = t.positions == PositionKind::learned ? s.steps : longest_waves;
    return t;
  }
  Transformer net_;
  Linear in_;
};
EBB_LAYER(transformer, TransformerLayer, true, "attention over previous steps, or over all, Vaswani 2017");

}  // namespace
}  // namespace ebb
