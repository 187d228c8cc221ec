#pragma once
#include <ebb/autograd/gradcheck.hpp>
#include <ebb/nn/cell.hpp>
#include <string>

namespace ebb {

class Params;

struct GradcheckCellOptions : GradcheckOptions {
  int steps = 3, rows = 4, input = 3, hidden = 4;
};

/// Checks a cell in float64 through unroll and shards, over several steps and rows: the gradients of every parameter,
/// of the inputs and of the initial state, at random values, in evaluation and, where results differ, in training. Also
/// checks that the output is [rows, hidden] and that a row's result does not depend on the other rows.
///
/// Parameters of `w` are checked at their values plus small noise; the values are not changed. `sizes` are the widths
/// of input and output; those in the options are used for registered cells.
GradcheckReport gradcheck_cell(const Cell&, const Params& w, CellSizes sizes, GradcheckCellOptions = {});
/// The same for a registered cell, by name.
GradcheckReport gradcheck_cell(const std::string& cell, GradcheckCellOptions = {});

}  // namespace ebb
