#pragma once
#include <ebb/nn/layers/conv.hpp>
#include <vector>

namespace ebb {

struct TcnOptions {
  int kernel = 2;      ///< steps
  double dropout = 0;  ///< probability, after each convolution of a block
};

/// Temporal convolutional network: blocks of two causal convolutions whose dilation doubles from block to block.
///
///     block l, from 0:   f_i(x) = dropout(relu(conv_i(x))), dilation 2^l;   y = relu(f_2(f_1(x)) + x)
///     conv_i(x)[t] = b + sum_k x[t - (kernel - 1 - k) 2^l] W[k],   W = g * v / |v|, with |v| the norm of each column
///
/// Where a block changes the width, the residual x is x S + s. An output depends on the last `reach()` inputs.
///
/// Shapes    x [T, B, I] -> [T, B, channels.back()]; v [kernel I, O], g, b [O]; S [I, O], s [O]
/// Init      v, b uniform in +-1/sqrt(kernel I), g = |v|; S, s in +-1/sqrt(I)
/// Errors    ValueError if there are no blocks, or for invalid options; ShapeError if x is not [T, B, I]
/// Cost      2 kernel O (I + O) flops per row, step and block
/// Source    Bai et al. 2018, arXiv:1803.01271; weight normalisation Salimans & Kingma 2016, arXiv:1602.07868
/// Differs   the paper initialises v and S with N(0, .01^2), with which 600 updates do not learn the adding problem
///           over 20 steps
struct Tcn {
  struct Convolution {
    Param v, g, b;
  };
  struct Block {
    Convolution first, second;
    Param S, s;  ///< empty if the width does not change
  };
  std::vector<Block> blocks;
  TcnOptions options;

  Tcn(Builder p, int input, const std::vector<int>& channels, TcnOptions o = {});
  Sequence operator()(const Sequence& x, const StepContext& at) const;
  int reach() const;  ///< receptive field in steps: 1 + 2 (kernel - 1) (2^blocks - 1)
};

}  // namespace ebb
