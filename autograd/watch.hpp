#pragma once
#include <ebb/autograd/watch_point.hpp>
#include <memory>
#include <string>
#include <vector>

namespace ebb {

namespace detail {
class WatchedValues;
}

/// During its lifetime, collects by time step the values that steps name with watch(name, v), on this thread and in
/// shards started from it. Results do not change by a bit.
///
///     Watch w;
///     evaluate(params, {.rows = B}, loss);
///     Array f = w["f"];                           // [T, B, H], the forget gate at every step of every row
///
/// Names in a stack's layers are "1/f", "2/f", in a cell's heads "head1/f", in two directions "forward/f" and
/// "backward/f". Rows that have ended are zero. For a value without rows, such as a gate that depends on parameters
/// only, w[name] is [T, ...], from the first shard. If a sequence is run again, w[name] is from the last run; earlier
/// runs are kept until clear(). The innermost Watch of a thread collects.
///
/// Cost      a copy of each named value; a fused lambda that names values is also run unfused
class Watch {
 public:
  Watch();
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  /// The values of the last run: [T, B, ...]. Errors: ValueError listing the names
  Array operator[](const std::string& name) const;
  std::vector<std::string> names() const;           ///< in alphabetical order
  int runs(const std::string& name) const;          ///< number of runs of the sequence
  Array run(const std::string& name, int k) const;  ///< of run k, counted from 0
  void clear();

 private:
  std::unique_ptr<detail::WatchedValues> values_;
  std::unique_ptr<detail::WatchPoint> point_;
  detail::WatchPoint* outer_;
};

}  // namespace ebb
