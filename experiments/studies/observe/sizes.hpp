#pragma once
#include <ebb/experiments/studies/observe/drive.hpp>
#include <ebb/observe/estimate.hpp>
#include <functional>

namespace ebb::app::observe {

/// A quantity of which the limit in wide cells is of interest.
struct SizedQuantity {
  const char* name;
  std::function<Estimate(const Values&)> of;
};

/// For each cell that was measured with initial weights at several widths, and at least three times, the limits of
/// quantities for S -> infinity, S the size of the state: a table on the page, FILE.csv, a line each on the terminal,
/// and in summary.json. Values that are not finite are left out.
void present_limits(Job&, const std::vector<Observed>&, const std::vector<SizedQuantity>&, const std::string& file);

}  // namespace ebb::app::observe
