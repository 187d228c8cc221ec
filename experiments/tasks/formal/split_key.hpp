#pragma once
#include <ebb/experiments/train/batch.hpp>
#include <ebb/ops/random.hpp>

namespace ebb::app {

/// The key of a batch of a generated task: other numbers in each split and batch, and for each seed in training.
inline Key split_key(const BatchRequest& r, const char* task) {
  const char* const split = r.split == Split::train ? "train" : r.split == Split::valid ? "valid" : "test";
  return Key{r.split == Split::train ? r.seed : 0}.named(task).named(split).at(r.number);
}

}  // namespace ebb::app
