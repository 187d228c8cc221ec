#pragma once
#include <ebb/experiments/tasks/speech/strings.hpp>
#include <ebb/experiments/train/output.hpp>

namespace ebb::app {

/// Spoken strings and their digits.
struct SpeechBatch {
  Array x;               ///< [T, B, 120]
  Lengths lengths;       ///< [B]
  Tokens digits;         ///< [B, L], 1 + digit
  Lengths digit_counts;  ///< [B], which may be 0
  std::vector<int> items{};

  int rows() const { return x.dim(1); }
  int steps() const { return x.dim(0); }
};

/// A batch of features, with the spoken digits of each row, if known.
///
/// Shapes    features [T', 120] each
SpeechBatch speech_batch(const std::vector<Array>& features, const std::vector<std::vector<int>>& digits);

/// The network's scores, [B, T, 11]; class 0 is the blank.
inline constexpr Output digit_scores{"scores"};

}  // namespace ebb::app
