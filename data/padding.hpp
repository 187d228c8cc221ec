#pragma once
#include <ebb/ops/array.hpp>
#include <vector>

namespace ebb {

struct PaddedTokens {
  Tokens tokens;    ///< [T, B]
  Lengths lengths;  ///< [B]
};

struct PaddedArrays {
  Array values;     ///< [T, B, I]
  Lengths lengths;  ///< [B]
};

/// Pads sequences of different lengths to one batch, time first, as `unroll` takes them together with their lengths. T
/// is the maximum length; positions after a row's end are `filler`, or zero.
///
/// Shapes    sequences [T_b], or [T_b, I] of one element type; if `items` is given, only those, in that order
/// Errors    ValueError if there are none, all are empty, or an item does not exist; ShapeError if shapes differ
PaddedTokens pad_sequences(const std::vector<Tokens>& sequences, int filler = 0);
PaddedTokens pad_sequences(const std::vector<Tokens>& sequences, const std::vector<int>& items, int filler = 0);
PaddedArrays pad_sequences(const std::vector<Array>& sequences);
PaddedArrays pad_sequences(const std::vector<Array>& sequences, const std::vector<int>& items);

}  // namespace ebb
