#pragma once
#include <ebb/autograd/shard_run.hpp>

namespace ebb::detail {

/// Completes a run of which each rank has run its own shards: losses, counts and kept bytes of all shards, and all rows
/// of outputs and retained gradients, not of states. Returns whether the gradient of any rank's shard has gaps.
///
/// Errors    the exception of the first failing shard, on every rank
bool gather_results(ShardRun&);

}  // namespace ebb::detail
