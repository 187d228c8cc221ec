#pragma once

namespace ebb {

/// While it lives, this thread treats denormal numbers, below 1.2e-38 in float32 and 2.2e-308 in float64, as zero, both
/// as operands and as results. A vanishing gradient passes through this range on its way to zero, and arithmetic there
/// is slow: more than a hundred cycles an operation on Intel's processors. `backward` and `Optimizer::step` do so
/// (docs/decisions/0022); the forward pass is exact. Only on x86; elsewhere it does nothing.
///
/// Threads   `parallel_for` passes the caller's mode on, so that results do not depend on the number of threads
class FlushDenormals {
 public:
  explicit FlushDenormals(bool on = true) noexcept;
  ~FlushDenormals();
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

  static bool on() noexcept;  ///< whether this thread flushes now

 private:
  const bool before_;
};

}  // namespace ebb
