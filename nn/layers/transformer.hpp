#pragma once
#include <ebb/autograd/sequence.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/layers/multi_head_attention.hpp>
#include <ebb/nn/layers/norm.hpp>
#include <ebb/nn/layers/positions.hpp>
#include <vector>

namespace ebb {

struct TransformerOptions {
  int width = 64;  ///< D, of the input, of the output and in between
  int heads = 4;
  int layers = 2;
  double dropout =
      0;  ///< probability: of the input, of attention's weights, inside the feed-forward part, of what a part adds
  int longest = 512;  ///< steps
  int feed = 0;       ///< width inside the feed-forward part; 0: 4 D
  PositionKind positions = PositionKind::learned;
  bool causal = true;  ///< no output sees a later step
};

/// A Transformer, unless asked otherwise one that sees no later step: positions, layers that normalise before they
/// compute, and a last normalisation.
///
///     x = dropout(x + P)
///     each layer:   x = x + dropout(attention(norm(x)), causal);   x = x + dropout(dropout(gelu(norm(x) W1 + b1)) W2 + b2)
///     y = norm(x)
///
/// Where no output depends on a later input, rows of different lengths need no mask: leave their padding out of the
/// loss. Where it does, give the lengths [B], each from 1 to T: what stands past them has no effect on the steps
/// before.
///
/// Shapes    x [T, B, D] -> [T, B, D], T at most `longest`
/// Init      as `Linear`, `LayerNorm`, `MultiHeadAttention` and `Positions`
/// Errors    ValueError if an option cannot be, or the sequence is longer than `longest`; ShapeError if x is not [T, B,
///           D]
/// Cost      24 D^2 + 2 T D flops (feed = 4 D) a row, step and layer; keeps 2 T heads numbers of weights among others
/// Source    Vaswani et al. 2017, arXiv:1706.03762; normalised before: Xiong et al. 2020, arXiv:2002.04745; GELU:
///           Hendrycks & Gimpel 2016, arXiv:1606.08415
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
