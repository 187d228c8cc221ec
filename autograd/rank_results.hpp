#pragma once
#include <ebb/autograd/shard_run.hpp>

namespace ebb::detail {

/// What all ranks learn of each other's shards before gradients are summed.
struct RankResults {
  bool gaps = false;  ///< the gradient of any rank's shard has gaps
};

/// Completes a run of which each rank has run its own shards: losses, counts and kept bytes of all shards, and all rows
/// of outputs and retained gradients, not of states.
///
/// Errors    the exception of the first failing shard, on every rank
RankResults gather_results(ShardRun&);

}  // namespace ebb::detail
