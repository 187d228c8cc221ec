#include <ebb/experiments/studies/observe/measure.hpp>

namespace ebb::app::observe {

Measure::~Measure() = default;

std::vector<const MeasureEntry*> measure_list() { return Registry<MeasureEntry>::list(); }

}  // namespace ebb::app::observe
