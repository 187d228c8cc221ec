#pragma once
#include <ebb/experiments/cli/fields.hpp>
#include <ebb/experiments/studies/why.hpp>

/// What was measured of a cell as a part of a job's results (cli/parts.hpp).
namespace ebb::app {

void visit(Fields&, Estimate&);

namespace study {

void visit(Fields&, GateEvidence&);
void visit(Fields&, MatrixEvidence&);
void visit(Fields&, Evidence&);

}  // namespace study
}  // namespace ebb::app
