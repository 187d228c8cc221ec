#pragma once
#include <cstdint>
#include <vector>

namespace ebb {

/// Where a run stands in its data: plain numbers, so that a resumed run goes on with the next batch.
struct DataPosition {
  std::uint64_t seed = 1, epoch = 0;
  int batch = 0;  ///< of the epoch
  friend bool operator==(const DataPosition&, const DataPosition&) = default;
};

struct Fractions {
  double valid = .1, test = .1;  ///< the rest is for training
};

/// The items 0 to n - 1 in three parts, each in rising order.
struct Partition {
  std::vector<int> train, valid, test;
};

/// Parts drawn by seed: round(n valid) and round(n test) items, the same ones at every call.
/// Errors    ValueError if n or a fraction is negative, or the fractions add up to more than one
Partition partition(int n, std::uint64_t seed, const Fractions& = {});

struct BatchOptions {
  int rows = 32;           ///< items a batch
  int pool = 100;          ///< batches sorted together; 1: lengths are mixed as chance has it
  bool drop_last = false;  ///< leave out what fills no batch: other items in each epoch
};

/// Batches of items of like length, so that little is padded: in each epoch the items are shuffled, cut into pools,
/// sorted by length in each pool and cut into batches, and the batches are shuffled. A batch is a function of its
/// position alone.
///
/// Errors    ValueError if there is no item, no batch, or an item without a length
/// Cost      O(n log n) where the seed or the epoch changes
class Batches final {
 public:
  /// Of all items, by their lengths.
  explicit Batches(const std::vector<int>& length_of, const BatchOptions& = {});
  /// Of some of them, a Partition's for example.
  static Batches of(std::vector<int> items, const std::vector<int>& length_of, const BatchOptions& = {});

  int per_epoch() const { return batches_; }
  /// The items of one batch. Errors: ValueError if the epoch has no such batch
  std::vector<int> at(const DataPosition&);
  DataPosition after(const DataPosition&) const;  ///< the next batch, perhaps of the next epoch

 private:
  Batches(const BatchOptions&, std::vector<int> items, const std::vector<int>& length_of);
  void arrange(std::uint64_t seed, std::uint64_t epoch);
  std::vector<int> items_, lengths_;  // side by side
  BatchOptions options_;
  int batches_ = 0;
  bool arranged_ = false;
  std::uint64_t seed_ = 0, epoch_ = 0;  // of what stands in order_ and starts_
  std::vector<int> order_, starts_;
};

}  // namespace ebb
