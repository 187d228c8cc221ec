#pragma once
#include <ebb/experiments/cli/options.hpp>

/// Options of `ebb observe` without effect on what is observed: an error if they were given, otherwise left out of the
/// record.
namespace ebb::app::observe {

/// Those that trained weights do not read.
/// Errors    ValueError naming the option and the reason
void reject_unread_by_weights(Options&);

/// Those that none of these measures reads.
/// Errors    ValueError naming the option and the measures that read it
void reject_unread_by_measures(Options&, const std::vector<std::string>& measures);

}  // namespace ebb::app::observe
