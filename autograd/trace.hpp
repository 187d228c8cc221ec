#pragma once
#include <ebb/autograd/shards.hpp>

namespace ebb {

/// Reruns one update, shard by shard, and names the first value (or gradient) that is not finite: "log has the first
/// value that is not finite, time step 12 (my_cell.cpp:31)", with the ranges of its op's operands (nonfinite.hpp).
/// Empty if all are finite.
std::string trace_nonfinite(const LeafSet&, const ShardOptions&, const ShardLoss&);

}  // namespace ebb
