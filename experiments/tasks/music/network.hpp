#pragma once
#include <algorithm>
#include <ebb/experiments/tasks/music/baseline.hpp>
#include <ebb/experiments/tasks/music/keys.hpp>
#include <ebb/experiments/train/network.hpp>
#include <ebb/experiments/train/output.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/sequence/sequence_layer.hpp>

namespace ebb::app {

/// Stretches of pieces, and the same one step later.
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

/// Each key of the next step sounds or does not, given those before; the keys of one step are independent of each other
/// given them.
///
///     p[t+1, k] = sigmoid(recurrence(x[..t]) W + b)[k];   loss: - sum over k of log p of what came, mean over the steps that have a next one
///
/// Init      b: how often each key sounds in training, so that this need not be learned
/// Source    Boulanger-Lewandowski et al. 2012, arXiv:1206.6392
struct MusicNetwork final : Network {
  LayerPtr layer;
  Param W, b;  // [H, 88], [88]
  const PieceSet& set;
  int window;       ///< steps that a layer without a state reads again for the next one: T of training
  int shown;        ///< the piece that the report shows, which is also gone on with
  double left_out;  ///< share of the layer's outputs, by dropout

  MusicNetwork(const Builder&, const Recurrence&, const PieceSet&, const KeyBaseline&, int shown);
  /// In evaluation puts out key_logits, and key_continuation.
  PartialLoss loss(Shard&, const Batch&) const override;
  /// The steps that follow `start`, drawn one after the other, on the innermost tape. Step t takes its numbers from
  /// key.at(t). `start` has at least one step. A layer that has no step reads the last `window` of them again before
  /// each.
  Piece go_on(const Piece& start, int steps, Key key, const KeyChoice&) const;

 private:
  Var score(const Var& y) const { return matmul(y, W) + b; }
  Var continued(const Shard&, int row, int steps) const;
};

/// Steps of a piece that the model is given before it goes on alone.
inline int given_of(const Piece& p) { return std::min(16, static_cast<int>(p.size()) / 2); }

}  // namespace ebb::app
