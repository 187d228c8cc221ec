#pragma once
#include <functional>

namespace ebb::app::observe {

/// Runs f, of which each op on a tape, forward and backward, ends it after Ctrl-C, also in the shards that it starts.
/// Returns whether it ran to its end.
[[nodiscard]] bool until_stopped(const std::function<void()>& f);
/// Ends the f of until_stopped after Ctrl-C, where much is computed without an op.
void check_stop();

}  // namespace ebb::app::observe
