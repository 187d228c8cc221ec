#pragma once
#include <ebb/autograd/sequence.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/layers/multi_head_attention.hpp>
#include <ebb/nn/layers/norm.hpp>
#include <ebb/nn/layers/positions.hpp>
#include <vector>

namespace ebb {

struct TransformerOptions {
  int width = 64;  ///< D, of input, output and residual stream
  int heads = 4;
  int layers = 2;
  double dropout =
      0;  ///< probability: for the input, attention weights, feed-forward activations and each residual branch
  int longest = 512;  ///< maximum number of steps
  int feed = 0;       ///< width of the feed-forward network; 0: 4 D
  PositionKind positions = PositionKind::learned;
  bool causal = true;  ///< no output depends on later steps
};

/// A Transformer, causal by default: positions, pre-norm layers and a final normalisation.
///
///     x = dropout(x + P)
///     each layer:   x = x + dropout(attention(norm(x)), causal);   x = x + dropout(dropout(gelu(norm(x) W1 + b1)) W2 + b2)
///     y = norm(x)
///
/// If causal, rows of different lengths need no mask: exclude their padding from the loss. If not, pass the lengths
/// [B], each from 1 to T, so that the padding does not affect earlier steps.
///
/// Shapes    x [T, B, D] -> [T, B, D], T at most `longest`
/// Init      as for `Linear`, `LayerNorm`, `MultiHeadAttention` and `Positions`
/// Errors    ValueError for invalid options or a sequence longer than `longest`; ShapeError if x is not [T, B, D]
/// Cost      24 D^2 + 2 T D flops (feed = 4 D) per row, step and layer; keeps 2 T heads attention weights, among others
/// Source    Vaswani et al. 2017, arXiv:1706.03762; pre-norm: Xiong et al. 2020, arXiv:2002.04745; GELU: Hendrycks &
///           Gimpel 2016, arXiv:1606.08415
struct Transformer {
  struct Layer {
    LayerNorm before_attention;
    MultiHeadAttention attention;
    LayerNorm before_feed;
    Linear up, down;
  };
  TransformerOptions options;
  Positions positions;
  std::vector<Layer> layers;
  LayerNorm last;

  Transformer(Builder p, TransformerOptions o);
  Sequence operator()(const Sequence& x, const StepContext& at) const;
  Sequence operator()(const Sequence& x, const Lengths&, const StepContext& at) const;
};

}  // namespace ebb
