#pragma once
#include <array>
#include <ebb/experiments/tasks/music/data.hpp>

namespace ebb::app {

/// What can be said of a step without a model: how often each key sounds, at all and after a step in which it did, or
/// did not.
struct KeyBaseline {
  std::array<double, piano_keys> at_all{}, after_sound{}, after_none{};
  /// Counted over the pieces of a split, each once more than it occurs.
  static KeyBaseline of(const PieceSet&, Split);
  /// Nats of a step by the first of these, mean over the steps of a split that have one before them.
  double nats(const PieceSet&, Split) const;
};

}  // namespace ebb::app
