#pragma once
#include <cstdint>
#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#endif

namespace ebb::detail {

/// Whether the process has a single thread, so that what threads share needs no locked instruction.
inline bool alone() noexcept {
#if __has_include(<sys/single_threaded.h>)
  return __libc_single_threaded != 0;
#else
  return false;
#endif
}

/// A reference count that threads may share. It uses compiler built-ins because <atomic> would include <string> in
/// every cell's file. Locked instructions, some twenty cycles each, would be a tenth of a small network's step: see
/// `alone`.
class Count {
 public:
  constexpr explicit Count(std::uint32_t n = 0) : n_(n) {}
  Count(const Count&) = delete;
  Count& operator=(const Count&) = delete;

  void hold() noexcept {
    if (alone()) reset(number() + 1);
    else __atomic_fetch_add(&n_, 1U, __ATOMIC_RELAXED);
  }
  /// True if this was the last reference; writes by former holders are then visible.
  bool drop() noexcept {
    if (!alone()) return __atomic_fetch_sub(&n_, 1U, __ATOMIC_ACQ_REL) == 1;
    reset(number() - 1);
    return number() == 0;
  }
  std::uint32_t number() const noexcept { return __atomic_load_n(&n_, __ATOMIC_ACQUIRE); }
  void reset(std::uint32_t n) noexcept { __atomic_store_n(&n_, n, __ATOMIC_RELAXED); }

 private:
  std::uint32_t n_;
};

}  // namespace ebb::detail
