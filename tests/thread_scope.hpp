#pragma once
#include <ebb/ops/parallel.hpp>

namespace test {

/// Restores the number of threads at the end of a scope, which may begin with another number.
class ThreadScope {
 public:
  ThreadScope() = default;
  explicit ThreadScope(int n) { ebb::set_threads(n); }
  ~ThreadScope() { ebb::set_threads(before_); }
  ThreadScope(const ThreadScope&) = delete;
  ThreadScope& operator=(const ThreadScope&) = delete;

 private:
  int before_ = ebb::threads();
};

}  // namespace test
