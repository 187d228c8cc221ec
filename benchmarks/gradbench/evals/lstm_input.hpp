#pragma once
#include <ebb/autograd/tape.hpp>

#include "../function.hpp"

namespace gradbench {

/// GradBench's LSTM, whose weight matrices are diagonal: each unit of a layer has a recurrence of its own.
///
///     f = sigmoid(x wf + bf),  i = sigmoid(h wi + bi),  o = sigmoid(x wo + bo),  g = tanh(h wg + bg)
///     c' = f c + i g;   h' = o tanh(c')
///
/// x is the layer below's h' of the same step; below the first layer it is the character times w_in. The last layer's h
/// predicts the next character: p = h w_out + b_out.
///
/// Shapes    L layers, b bits of a character, T + 1 characters
/// Source    evals/lstm/README.md and cpp/gradbench/evals/lstm.hpp of GradBench, from Microsoft's ADBench
struct LstmInput {
  ebb::Array layers;      ///< [2 L, 4 b]: for each layer a row of weights and a row of biases, in the order f i o g
  ebb::Array ends;        ///< [3, b]: w_in, w_out, b_out
  ebb::Array state;       ///< [2 L, b]: for each layer a row h and a row c
  ebb::Array characters;  ///< [T + 1, b], ones and zeros
  int L, T, b;

  /// Errors    ValueError if the shapes do not agree, naming them
  static LstmInput read(const Json&);
};

/// The weights and biases of the gates of all layers, [L, b] each.
struct LstmGates {
  ebb::Var wf, wi, wo, wg, bf, bi, bo, bg;
  static LstmGates of(const ebb::Var& layers, const LstmInput&);
};

/// The mean of -y (p - log(2 + sum exp(p))) over steps and bits, where y is the next character.
///
/// Shapes    h [T, b], of the last layer; ends [3, b]
ebb::Var lstm_loss(const LstmInput&, const ebb::Var& h, const ebb::Var& ends);

/// A form of the recurrence: h of the last layer, [T, b], for x [T, b].
using LstmForm = ebb::Var (*)(const LstmInput&, const LstmGates&, const ebb::Var& x);
ebb::Var lstm_wavefront(const LstmInput&, const LstmGates&, const ebb::Var& x);
ebb::Var lstm_textbook(const LstmInput&, const LstmGates&, const ebb::Var& x);

}  // namespace gradbench
