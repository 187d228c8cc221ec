#pragma once
#include <cstdint>

namespace ebb::detail {

/// How many handles hold a thing, counted by threads at once. On the compilers' own atomics, since <atomic> pulls
/// <string> into every cell's file.
class Count {
 public:
  constexpr explicit Count(std::uint32_t n = 0) : n_(n) {}
  Count(const Count&) = delete;
  Count& operator=(const Count&) = delete;

  void hold() noexcept { __atomic_fetch_add(&n_, 1U, __ATOMIC_RELAXED); }
  /// True if that was the last handle: what the others wrote is seen then.
  bool drop() noexcept { return __atomic_fetch_sub(&n_, 1U, __ATOMIC_ACQ_REL) == 1; }
  std::uint32_t number() const noexcept { return __atomic_load_n(&n_, __ATOMIC_ACQUIRE); }
  void reset(std::uint32_t n) noexcept { __atomic_store_n(&n_, n, __ATOMIC_RELAXED); }

 private:
  std::uint32_t n_;
};

}  // namespace ebb::detail
