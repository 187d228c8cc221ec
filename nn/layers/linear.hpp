#pragma once
#include <ebb/nn/cell.hpp>

namespace ebb {

/// y = x W + b
///
/// Shapes    x [..., I], y [..., O]; W [I, O], b [O]
/// Init      W, b uniform in +-1/sqrt(I)
struct Linear {
  Param W, b;
  Linear(Builder p, int input, int output);
  Var operator()(At x) const;
};

}  // namespace ebb
