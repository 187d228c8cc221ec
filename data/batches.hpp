#pragma once
#include <cstdint>
#include <vector>

namespace ebb {

/// Position of a run in its data, as plain values, so that a resumed run continues with the next batch.
struct DataPosition {
  std::uint64_t seed = 1, epoch = 0;
  int batch = 0;  ///< within the epoch
  friend bool operator==(const DataPosition&, const DataPosition&) = default;
};

struct Fractions {
  double valid = .1, test = .1;  ///< the rest is for training
};

/// The items 0 to n - 1 in three parts, each in ascending order.
struct Partition {
  std::vector<int> train, valid, test;
};

/// A random partition with round(n valid) and round(n test) items, determined by the seed.
/// Errors    ValueError if n or a fraction is negative, or the fractions add up to more than one
Partition partition(int n, std::uint64_t seed, const Fractions& = {});

struct BatchOptions {
  int rows = 32;           ///< items per batch
  int pool = 100;          ///< batches sorted together; 1: lengths are mixed at random
  bool drop_last = false;  ///< drop the last, incomplete batch; the items dropped differ by epoch
};

/// Batches of items of similar length, which need little padding. In each epoch the items are shuffled, split into
/// pools, sorted by length within each pool and split into batches, and the batches are shuffled. A batch is a function
/// of its position only.
///
/// Errors    ValueError if there are no items, no batches, or an item without a length
/// Cost      O(n log n) when the seed or the epoch changes
class Batches final {
 public:
  /// Over all items.
  explicit Batches(const std::vector<int>& length_of, const BatchOptions& = {});
  /// Over some items, such as those of a Partition.
  static Batches of(std::vector<int> items, const std::vector<int>& length_of, const BatchOptions& = {});

  int per_epoch() const { return batches_; }
  /// The items of a batch. Errors: ValueError if the epoch has no such batch
  std::vector<int> at(const DataPosition&);
  DataPosition after(const DataPosition&) const;  ///< the next batch, possibly of the next epoch

 private:
  Batches(const BatchOptions&, std::vector<int> items, const std::vector<int>& length_of);
  void arrange(std::uint64_t seed, std::uint64_t epoch);
  std::vector<int> items_, lengths_;  // parallel
  BatchOptions options_;
  int batches_ = 0;
  bool arranged_ = false;
  std::uint64_t seed_ = 0, epoch_ = 0;  // those that order_ and starts_ were computed for
  std::vector<int> order_, starts_;
};

}  // namespace ebb
