#pragma once
#include <ebb/autograd/shards.hpp>

namespace ebb {

/// Reruns one update, shard by shard, and names the first value (or adjoint) that is not finite: "log has the first
/// value that is not finite, time step 12 (my_cell.cpp:31)". Empty if all are finite.
std::string trace_nonfinite(const LeafSet&, const ShardOptions&, const ShardLoss&);

}  // namespace ebb
