#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/gradcheck_cell.hpp>
#include <sstream>

#include "catch.hpp"

using namespace ebb;

TEST_CASE("Every cell of experiments/cells passes the gradient check, first and second order") {
  int seen = 0;
  for (const CellInfo& cell : cell_list()) {
    if (cell.file.find("experiments/cells/") == std::string::npos) continue;   // nn's own are checked in tests/nn
    ++seen;
    const GradcheckReport report = gradcheck_cell(cell.name, {{.order = 2}});
    std::ostringstream text;
    text << cell.name << ":\n" << report;
    INFO(text.str());
    CHECK(report.ok());
  }
  CHECK(seen >= 1);
}

TEST_CASE("The minimal gated unit is registered by its file alone") {
  int found = 0;
  for (const CellInfo& cell : cell_list()) found += cell.name == "mgu";
  CHECK(found == 1);
}
