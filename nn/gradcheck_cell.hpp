#pragma once
#include <ebb/autograd/gradcheck.hpp>
#include <string>

namespace ebb {

struct GradcheckCellOptions : GradcheckOptions {
  int steps = 3, rows = 2, input = 3, hidden = 4;
};
/// Checks a registered cell by name, in float64 through unroll and shards: every parameter, the inputs and the initial
/// state (which start at random values), over several steps and rows.
GradcheckReport gradcheck_cell(const std::string& cell, GradcheckCellOptions = {});

}  // namespace ebb
