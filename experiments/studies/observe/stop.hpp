#pragma once
#include <ebb/nn/cell.hpp>

namespace ebb::app::observe {

/// Ends a measurement after Ctrl-C. Not an Error: nothing is wrong with the subject.
struct Stopped {};
/// Throws Stopped after Ctrl-C.
void check_stop();
/// The same cell, whose every step looks for Ctrl-C first: whatever a measure computes, it takes steps. The cell must
/// outlive it.
CellPtr stoppable(const Cell&);

}  // namespace ebb::app::observe
