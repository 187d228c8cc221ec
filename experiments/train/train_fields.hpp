#pragma once
#include <ebb/experiments/cli/fields.hpp>
#include <ebb/experiments/train/train.hpp>

namespace ebb::app {

/// A training run as a part of a job's results (cli/parts.hpp); its curve is a list per column, as tables are read from
/// JSON: pandas.DataFrame(record["curve"]).
void visit(Fields&, TrainRecord&);

void visit(Fields&, Measure&);

}  // namespace ebb::app
