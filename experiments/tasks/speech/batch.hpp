#pragma once
#include <ebb/experiments/tasks/speech/strings.hpp>
#include <ebb/experiments/train/output.hpp>

namespace ebb::app {

/// Spoken strings, and their digits.
struct SpeechBatch {
  Array x;               ///< [T, B, 120]
  Lengths lengths;       ///< [B]
  Tokens digits;         ///< [B, L], 1 + digit
  Lengths digit_counts;  ///< [B], which may be 0
  std::vector<int> items{};

  int rows() const { return x.dim(1); }
  int steps() const { return x.dim(0); }
};

/// Rows of features side by side, with the digits that were said in each, which may be none.
///
/// Shapes    features [T', 120] each
SpeechBatch speech_batch(const std::vector<Array>& features, const std::vector<std::vector<int>>& digits);

/// The network's scores, [B, T, 11], the blank first.
inline constexpr Output digit_scores{"scores"};

}  // namespace ebb::app
