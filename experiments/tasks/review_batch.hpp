#pragma once
#include <ebb/ops/array.hpp>
#include <vector>

namespace ebb::app {

/// Sentences and the judgement of each: a batch of the task `sentiment`.
struct ReviewBatch {
  Tokens words;            // [T, B]
  Lengths lengths;         // [B]
  Tokens labels;           // [B], 0 negative, 1 positive
  std::vector<int> items;  // [B]

  int rows() const { return words.dim(1); }
  int steps() const { return words.dim(0); }
};

}  // namespace ebb::app
