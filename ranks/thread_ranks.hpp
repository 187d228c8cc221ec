#pragma once
#include <ebb/ranks/ranks.hpp>
#include <functional>

namespace ebb {

/// Runs `body` once per rank, as ranks 0 to size - 1, each on a thread of this process: to try a program for ranks
/// without MPI. What one rank computes the others must not share, as between processes.
///
/// Errors    the exception of the lowest rank that threw; other ranks that wait for that one get a RankError
void run_as_ranks(int size, const std::function<void(Ranks&)>& body);

}  // namespace ebb
