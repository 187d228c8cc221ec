#pragma once
#include <ebb/ops/matmul.hpp>

namespace ebb::detail {

/// The packs of one node of a tape, [0] of b and [1] of its transpose, made at the second use: a product that stays alone
/// gains nothing by it.
struct Packs {
  int uses[2] = {};
  Pack pack[2];
};

}  // namespace ebb::detail
