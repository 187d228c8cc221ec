#pragma once
#include <cmath>
#include <ebb/experiments/cli/fields.hpp>
#include <ebb/ops/array.hpp>

namespace ebb::app {

/// How far a truncated or online gradient is from that of full backpropagation.
struct Bias {
  double cosine = NAN;
  double ratio = NAN;       ///< |estimate| / |full|
  double difference = NAN;  ///< |estimate - full| / |full|
  void visit(Fields& f) { f("cosine", cosine)("ratio", ratio)("difference", difference); }
};

/// Shapes    estimate, full [P]
/// Numerics  float64; NaN where a norm is zero
Bias bias_between(const Array& estimate, const Array& full);

}  // namespace ebb::app
