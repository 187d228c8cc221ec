#pragma once
#include <atomic>
#include <ebb/autograd/watch_point.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

/// The implementation of Watch: the values of all threads, and each thread's access to them. Internal.
namespace ebb::detail {

/// Values by name, then by run of the sequence. Thread-safe, since shards add concurrently.
class WatchedValues {
 public:
  /// Where and when a value was named.
  struct Named {
    std::uint64_t step;  ///< from next_step, of the cell's current step; 0 outside of all
    int time, first_row;
    std::source_location where;
  };
  /// `rows` are the batch positions of the value's rows; empty for a value without rows.
  /// Errors    ValueError if the step has used the name already
  void add(const std::string& name, const Named&, std::vector<int> rows, Array value);
  std::uint64_t next_step() { return ++steps_; }
  std::vector<std::string> names() const;
  int runs(const std::string& name) const;
  Array run(const std::string& name, int k) const;  ///< a negative k counts from the end
  void clear();

 private:
  struct Part {
    int time, first_row;
    std::vector<int> rows;
    Array value;
  };
  struct Collected {
    std::vector<std::vector<Part>> runs;
    std::map<int, std::size_t> run_of;      // by a shard's first row: its current run, from one
    std::map<int, std::vector<bool>> seen;  // by a shard's first row: the times recorded in that run
    std::map<int, Named> last;              // by a shard's first row
  };
  const Collected& collected(const std::string& name) const;
  mutable std::mutex mutex_;
  std::map<std::string, Collected> all_;
  std::atomic<std::uint64_t> steps_ = 0;
};

/// One thread's access to the values: its shard's first row, the order of its rows, its scopes.
class WatchPoint {
 public:
  explicit WatchPoint(WatchedValues& to, int first = 0, int count = -1) : rows(count), to_(&to), first_row_(first) {}
  WatchedValues& values() const { return *to_; }
  void add(const char* name, const Var& v, const std::source_location& where);
  std::uint64_t step = 0;         ///< the cell's current step; 0: none
  int rows;                       ///< of the current step; -1: unknown, all values have rows
  const Tokens* order = nullptr;  ///< if set, row k of a value is row order[k] of the shard
  std::string scopes;

 private:
  WatchedValues* to_;
  int first_row_;
};

/// For a shard of a backward whose caller has a Watch: a separate watch point for the thread that runs it.
class WatchShard {
 public:
  WatchShard(const WatchPoint* callers, int first_row, int rows);
  ~WatchShard() { watch_point = before_; }
  WatchShard(const WatchShard&) = delete;
  WatchShard& operator=(const WatchShard&) = delete;

 private:
  WatchPoint* before_;
  std::unique_ptr<WatchPoint> own_;
};

/// Scope of a run of a sequence; sets the number of rows of its values, and their order if packed. A step lasts until
/// the next one, and so includes the cell's output.
class WatchRun {
 public:
  explicit WatchRun(const Tokens* order) : point_(watch_point) {
    if (!point_) return;
    order_ = point_->order;
    rows_ = point_->rows;
    step_ = point_->step;
    point_->order = order;
  }
  ~WatchRun() {
    if (!point_) return;
    point_->order = order_;
    point_->rows = rows_;
    point_->step = step_;
  }
  WatchRun(const WatchRun&) = delete;
  WatchRun& operator=(const WatchRun&) = delete;
  void step(int rows) const {
    if (!point_) return;
    point_->rows = rows;
    point_->step = point_->values().next_step();
  }

 private:
  WatchPoint* point_;
  const Tokens* order_ = nullptr;
  int rows_ = -1;
  std::uint64_t step_ = 0;
};

}  // namespace ebb::detail
