#pragma once
#include <ebb/experiments/train/batch.hpp>

namespace ebb::app {

/// Windows of series and the values `ahead` steps later, normalised by the training mean and standard deviation: the
/// batches of the task `series`, which some studies also read.
struct SeriesBatch {
  Array x;  ///< [T, B, I], the series that is forecast first
  Array y;  ///< [T, B, 1]
  bool continues = false;

  int rows() const { return x.dim(1); }
  int steps() const { return x.dim(0); }
};

}  // namespace ebb::app
