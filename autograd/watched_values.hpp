#pragma once
#include <ebb/autograd/watch_point.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

/// What stands behind Watch: the values of all threads, and each thread's place among them. For autograd's and nn's own files.
namespace ebb::detail {

/// Collected by name, then by run of the sequence. Guarded: shards name values at once.
class WatchedValues {
 public:
  /// `rows` are the places in the batch of the value's rows.
  void add(const std::string& name, int time, int first_row, std::vector<int> rows, Array value);
  std::vector<std::string> names() const;
  int runs(const std::string& name) const;
  Array run(const std::string& name, int k) const;   ///< k from the end if negative
  void clear();

 private:
  struct Part { int time; std::vector<int> rows; Array value; };
  struct Named {
    std::vector<std::vector<Part>> runs;
    std::map<int, std::size_t> run_of;               // by a shard's first row: which run it is in, counted from one
    std::map<int, std::vector<bool>> seen;           // by a shard's first row: the times of that run
  };
  const Named& named(const std::string& name) const;
  mutable std::mutex mutex_;
  std::map<std::string, Named> all_;
};

/// One thread's way to the values: its shard's first row, the order of its rows, the scopes it is in.
class WatchPoint {
 public:
  explicit WatchPoint(WatchedValues& to, int first_row = 0) : to_(&to), first_row_(first_row) {}
  WatchedValues& values() const { return *to_; }
  void add(const char* name, const Var& v);
  const Tokens* order = nullptr;                     ///< if set, row k of a value is row order[k] of the shard
  std::string scopes;

 private:
  WatchedValues* to_;
  int first_row_;
};

/// A shard of a backward whose caller watches: a point of its own for the thread that runs it.
class WatchShard {
 public:
  WatchShard(const WatchPoint* callers, int first_row);
  ~WatchShard() { watch_point = before_; }
  WatchShard(const WatchShard&) = delete;
  WatchShard& operator=(const WatchShard&) = delete;

 private:
  WatchPoint* before_;
  std::unique_ptr<WatchPoint> own_;
};

/// In its scope a value's rows stand in the order of a packing.
class WatchRows {
 public:
  explicit WatchRows(const Tokens& order) : before_(watch_point ? watch_point->order : nullptr) {
    if (watch_point) watch_point->order = &order;
  }
  ~WatchRows() {
    if (watch_point) watch_point->order = before_;
  }
  WatchRows(const WatchRows&) = delete;
  WatchRows& operator=(const WatchRows&) = delete;

 private:
  const Tokens* before_;
};

}  // namespace ebb::detail
