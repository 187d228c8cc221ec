#pragma once
#include <algorithm>
#include <ebb/experiments/tasks/music/baseline.hpp>
#include <ebb/experiments/tasks/music/keys.hpp>
#include <ebb/experiments/train/network.hpp>
#include <ebb/experiments/train/output.hpp>
#include <ebb/experiments/train/recurrent_network.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/sequence/sequence_layer.hpp>

namespace ebb::app {

/// Segments of pieces, and the same segments one step later.
struct MusicBatch {
  Array x, y;       ///< [T, B, 88], of zeros and ones
  Lengths lengths;  ///< [B]
  std::vector<int> items{};

  int rows() const { return x.dim(1); }
  int steps() const { return x.dim(0); }
  double weight() const { return steps_in(lengths); }
};

inline constexpr Output key_logits{"logits"};              ///< [B, T, 88]
inline constexpr Output key_continuation{"continuation"};  ///< [B, T + 1, 88], for the batch that has the piece shown

/// The probability of each key at the next step, given all previous steps; the keys of one step are conditionally
/// independent.
///
///     p[t+1, k] = sigmoid(recurrence(x[..t]) W + b)[k]
///     loss = - mean over t of the sum over k of log p(x[t+1, k])
///
/// Init      b from the frequency of each key in training, so that it need not be learned
/// Source    Boulanger-Lewandowski et al. 2012, arXiv:1206.6392
struct MusicNetwork final : Network, RecurrentNetwork {
  LayerPtr layer;
  Param W, b;  // [H, 88], [88]
  const PieceSet& set;
  int window;       ///< steps that a layer without a state rereads for the next one: T of training
  int shown;        ///< the piece that the report shows and continues
  double left_out;  ///< dropout rate of the layer's outputs

  MusicNetwork(const Builder&, const Recurrence&, const PieceSet&, const KeyBaseline&, int shown);
  /// In evaluation outputs key_logits and key_continuation.
  PartialLoss loss(Shard&, const Batch&) const override;
  /// Samples the steps that follow `start`, on the innermost tape. Step t draws its random numbers from key.at(t).
  /// `start` has at least one step. A layer without a step function rereads the last `window` steps each time.
  Piece continue_piece(const Piece& start, int steps, Key key, const KeyChoice&) const;

  std::string recurrence_scope() const override { return "net/cell"; }
  const Cell* recurrence() const override { return layer->cell(); }
  Sequence recurrence_inputs(Shard&, const Batch&) const override;
  Lengths recurrence_lengths(const Batch& b) const override { return b.get<MusicBatch>().lengths; }
  PartialLoss last_loss(Shard&, const Batch&, const Var& x, const Var& y) const override;

 private:
  Var score(const Var& y) const { return matmul(y, W) + b; }
  Var continued(const Shard&, int row, int steps) const;
};

/// Number of steps of a piece that the model is given before it continues.
inline int given_of(const Piece& p) { return std::min(16, static_cast<int>(p.size()) / 2); }

}  // namespace ebb::app
