#pragma once
#include <array>
#include <ebb/experiments/tasks/music/data.hpp>

namespace ebb::app {

/// Baselines without a model: the frequency of each key, and its frequency after a step in which it sounded or did not.
struct KeyBaseline {
  std::array<double, piano_keys> at_all{}, after_sound{}, after_none{};
  /// Counted over the pieces of a split, with one added to each count.
  static KeyBaseline of(const PieceSet&, Split);
  /// Nats per step with the key frequencies, averaged over the steps of a split that have a step before them.
  double nats(const PieceSet&, Split) const;
};

}  // namespace ebb::app
