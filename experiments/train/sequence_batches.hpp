#pragma once
#include <ebb/data/batches.hpp>
#include <ebb/experiments/train/task.hpp>
#include <functional>
#include <map>
#include <mutex>

namespace ebb::app {

/// Assigns the items of each split to batches: in training shuffled in each epoch, with similar lengths together; in
/// the other splits by length, to minimise padding. The same request gives the same items for any number of threads.
class SequenceBatches {
 public:
  SequenceBatches(Partition, std::vector<int> length_of);

  /// Items of the batch, as indices among all items.
  std::vector<int> items(const BatchRequest&) const;
  int batches(Split, int rows) const;
  const Partition& partition() const { return parts_; }

 private:
  const std::vector<int>& of(Split) const;
  Partition parts_;
  std::vector<int> lengths_;
  mutable std::mutex mutex_;
  mutable std::map<int, Batches> training_;  // by rows
};

/// "12 of 9,596 sentences are longer than T = 60; 134 words beyond it are not read", for items and their lengths; empty
/// if none is. `item` and `symbol` are nouns in the singular.
std::string longer_ones(const std::vector<int>& items, const std::function<int(int item)>& length, int most,
                        const char* item, const char* symbol);

/// The symbols of `items` as columns, each truncated to `most` steps.
///
/// Shapes    tokens [T, B], lengths [B]
struct Rows {
  Tokens tokens;
  Lengths lengths;
};
Rows padded(const std::vector<std::vector<int>>& sequences, const std::vector<int>& items, int most, int filler = 0);

}  // namespace ebb::app
