#include <fmt/format.h>
#include <ebb/nn/layers/transformer.hpp>
#include <ebb/nn/sequence/dropout.hpp>
#include <ebb/ops/error.hpp>
#include <string>

namespace ebb {

namespace {

TransformerOptions checked(TransformerOptions o) {
  if (o.width < 1 || o.layers < 1 || o.feed < 0)
    throw ValueError(fmt::format("transformer: width {}, {} layers and feed-forward width {} are out of range", o.width,
                                 o.layers, o.feed));
  if (o.heads < 1 || o.width % o.heads != 0)
    throw ValueError(fmt::format("transformer: {} heads do not divide the width {}", o.heads, o.width));
  if (!(o.dropout >= 0 && o.dropout < 1))
    throw ValueError(fmt::format("transformer: dropout must be at least 0 and less than 1, but is {}", o.dropout));
  if (o.feed == 0) o.feed = 4 * o.width;
  return o;
}

std::vector<Transformer::Layer> layers_of(const Builder& p, const TransformerOptions& o) {
  std::vector<Transformer::Layer> layers;
  for (int l = 1; l <= o.layers; ++l) {
    const Builder q = p / std::to_string(l).c_str();
    layers.push_back({LayerNorm(q / "before_attention", o.width),
                      MultiHeadAttention(q / "attention", o.width, {.heads = o.heads, .dropout = o.dropout}),
                      LayerNorm(q / "before_feed", o.width), Linear(q / "up", o.width, o.feed),
                      Linear(q / "down", o.feed, o.width)});
  }
  return layers;
}

}  // namespace

Transformer::Transformer(Builder p, TransformerOptions o)
    : options(checked(o)), positions(p / "positions", o.longest, o.width, o.positions), layers(layers_of(p, options)),
      last(p / "last", o.width) {}

Sequence Transformer::operator()(const Sequence& x, const StepContext& at) const { return (*this)(x, Lengths(), at); }

Sequence Transformer::operator()(const Sequence& x, const Lengths& lengths, const StepContext& at) const {
  const auto dropped = [&](const Var& v, const StepContext& mask, const char* name) {
    return dropout(Sequence(v), options.dropout, mask, name).all();
  };
  Var h = dropped(positions(x).all(), at, "input");
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const Layer& layer = layers[l];
    const StepContext mask = at.named(std::to_string(l + 1).c_str());
    const Var seen = layer.before_attention(h);
    h = h +
        dropped(layer.attention(seen, seen, seen, lengths, mask, {.causal = options.causal}).result, mask, "attended");
    const Var wide = dropped(gelu(layer.up(layer.before_feed(h))), mask, "feed");
    h = h + dropped(layer.down(wide), mask, "fed");
  }
  return last(h);
}

}  // namespace ebb
