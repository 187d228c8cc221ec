#pragma once
#include <ebb/nn/sequence/checkpoint.hpp>

namespace ebb {

/// From the first step to the last, or from each row's last step to its first; step t has time t in both.
enum class Direction { forward, backward };

/// What is read of the steps of a checkpointed run: the output of the last one and the state at the end, all outputs,
/// or also the states of all steps. What is not read is not kept.
enum class Reads { last, outputs, states };

struct UnrollOptions {
  Direction direction = Direction::forward;
  Checkpoint checkpoint = {};  ///< states to keep instead of the values of all steps; first-order gradients only
  Reads reads = Reads::outputs;
};

}  // namespace ebb
