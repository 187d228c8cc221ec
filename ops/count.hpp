#pragma once
#include <cstdint>

namespace ebb::detail {

/// An atomic reference count. It uses compiler built-ins because <atomic> would include <string> in every cell's file.
class Count {
 public:
  constexpr explicit Count(std::uint32_t n = 0) : n_(n) {}
  Count(const Count&) = delete;
  Count& operator=(const Count&) = delete;

  void hold() noexcept { __atomic_fetch_add(&n_, 1U, __ATOMIC_RELAXED); }
  /// True if this was the last reference; writes by former holders are then visible.
  bool drop() noexcept { return __atomic_fetch_sub(&n_, 1U, __ATOMIC_ACQ_REL) == 1; }
  std::uint32_t number() const noexcept { return __atomic_load_n(&n_, __ATOMIC_ACQUIRE); }
  void reset(std::uint32_t n) noexcept { __atomic_store_n(&n_, n, __ATOMIC_RELAXED); }

 private:
  std::uint32_t n_;
};

}  // namespace ebb::detail
