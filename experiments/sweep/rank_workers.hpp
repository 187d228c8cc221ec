#pragma once
#include <ebb/experiments/sweep/workers.hpp>

namespace ebb {
class Ranks;
}

namespace ebb::app::sweep {

/// The workers of all ranks, seen from rank 0, which deals out the calls: its own and, by messages, those of the
/// others, which are in `serve`. The others end when the object goes.
///
/// Errors    RankError, from all functions, if a rank has died
std::unique_ptr<Workers> workers_of_ranks(Ranks&, std::unique_ptr<Workers> own);

/// Carries out what rank 0 sends, with the workers of this rank, until rank 0 ends it. `signalled`: whether this
/// process has received a signal to stop, which it reports to rank 0.
void serve(Ranks&, Workers& own, bool (*signalled)());

}  // namespace ebb::app::sweep
