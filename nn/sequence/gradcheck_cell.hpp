#pragma once
#include <ebb/autograd/gradcheck.hpp>
#include <ebb/nn/cell.hpp>
#include <string>

namespace ebb {

class Params;

struct GradcheckCellOptions : GradcheckOptions {
  int steps = 3, rows = 4, input = 3, hidden = 4;
};

/// Checks a cell in float64 through unroll and shards, over several steps and rows: every parameter, the inputs and the
/// initial state, all at random values; in evaluation, and in training too where that gives other numbers. Also that
/// the output is [rows, hidden], and that a row's result is the same without the others.
///
/// Every parameter of `w` is checked at its value and a little noise; the values themselves stay as they are. `sizes`
/// are the widths of input and output; those in the options are of registered cells.
GradcheckReport gradcheck_cell(const Cell&, const Params& w, CellSizes sizes, GradcheckCellOptions = {});
/// The same of a registered cell, by name.
GradcheckReport gradcheck_cell(const std::string& cell, GradcheckCellOptions = {});

}  // namespace ebb
