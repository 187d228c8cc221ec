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

/// Sequences of different lengths side by side, time first, as `unroll` takes them with their lengths. T is the longest
/// one's length; what is past a row's end is `filler`, or zero.
///
/// Shapes    sequences [T_b], or [T_b, I] of one element type; those of `items` alone, if given, in their order
/// Errors    ValueError if there is none or all are empty, or an item is not there; ShapeError if the ranks or widths
///           differ
PaddedTokens pad_sequences(const std::vector<Tokens>& sequences, int filler = 0);
PaddedTokens pad_sequences(const std::vector<Tokens>& sequences, const std::vector<int>& items, int filler = 0);
PaddedArrays pad_sequences(const std::vector<Array>& sequences);
PaddedArrays pad_sequences(const std::vector<Array>& sequences, const std::vector<int>& items);

}  // namespace ebb
