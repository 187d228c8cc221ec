#pragma once
#include <ebb/experiments/train/batch.hpp>

namespace ebb::app {

/// Windows of series and what comes `ahead` steps later, less the training mean, in training deviations: batches of the
/// task `series`, which studies read too.
struct SeriesBatch {
  Array x, y;  ///< [T, B, 1]
  bool continues = false;

  int rows() const { return x.dim(1); }
  int steps() const { return x.dim(0); }
};

}  // namespace ebb::app
