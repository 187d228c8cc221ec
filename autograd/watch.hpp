#pragma once
#include <ebb/autograd/watch_point.hpp>
#include <memory>
#include <string>
#include <vector>

namespace ebb {

namespace detail {
class WatchedValues;
}

/// While it lives, what a step names by watch(name, v) on this thread, and in the shards that start on it, is collected
/// by time step. Nothing that is computed changes by a bit.
///
///     Watch w;
///     evaluate(params, {.rows = B}, loss);
///     Array f = w["f"];                           // [T, B, H], the forget gate at every step of every row
///
/// Names of a stack's layers are "1/f", "2/f", those of a cell's heads "head1/f", of two directions "forward/f" and
/// "backward/f". Rows of sequences that have ended are zero; of a value without rows, such as a gate that parameters
/// alone decide, w[name] is [T, ...], the first shard's. If the sequence is run again, w[name] is of its last run; what
/// was seen before is kept until clear(). The innermost Watch of a thread collects.
///
/// Cost      a copy of each named value; a fused lambda that names values is run once more, unfused, beside the fused
///           one
class Watch {
 public:
  Watch();
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  /// What the last run named so: [T, B, ...]. Errors: ValueError naming what there is
  Array operator[](const std::string& name) const;
  std::vector<std::string> names() const;           ///< in alphabetical order
  int runs(const std::string& name) const;          ///< how often the sequence was run
  Array run(const std::string& name, int k) const;  ///< of run k, counted from 0
  void clear();

 private:
  std::unique_ptr<detail::WatchedValues> values_;
  std::unique_ptr<detail::WatchPoint> point_;
  detail::WatchPoint* outer_;
};

}  // namespace ebb
