#pragma once
#include <ebb/ranks/ranks.hpp>
#include <vector>

namespace ebb {

/// The texts of all ranks, by rank. All ranks call it, each with the same `occasion`, which names it in errors.
///
/// Errors    RankError on all ranks, with the reason of the lowest that called `fail_all` instead, or if occasions
///           differ; no further gathering takes place then
/// Cost      ceil(log2 size) rounds of two messages
std::vector<std::string> gather_all(Ranks&, const char* occasion, const std::string& mine);

/// Called in place of the next gather_all by a rank that failed, so that the others get its reason instead of
/// waiting for it. Returns after that gather_all; at once if a failure is known already.
void fail_all(Ranks&, const std::string& why);

/// Errors    ValueError on all ranks, "the instruction set differs: ...; CURE", unless `mine` is the same on all
void check_same(Ranks&, const char* what, const std::string& mine, const std::string& cure);

}  // namespace ebb
