#pragma once

namespace ebb {

/// A value and its standard error.
struct Estimate {
  double value = 0, error = 0;
};

}  // namespace ebb
