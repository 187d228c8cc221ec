#pragma once
#include <ebb/ops/array.hpp>
#include <limits>
#include <new>
#include <vector>

namespace ebb {

/// For containers that are refilled in every training step: memory comes from the thread's buffer pool and returns to
/// it, whichever thread releases it.
template <class T> struct PoolAllocator {
  using value_type = T;
  PoolAllocator() = default;
  template <class U> PoolAllocator(const PoolAllocator<U>&) noexcept {}

  T* allocate(std::size_t n) {
    if (n > std::numeric_limits<std::size_t>::max() / 2 / sizeof(T)) throw std::bad_alloc();
    return static_cast<T*>(detail::allocate(n * sizeof(T))->data);
  }
  void deallocate(T* p, std::size_t) noexcept { detail::release(detail::buffer_of(p)); }
  template <class U> friend bool operator==(const PoolAllocator&, const PoolAllocator<U>&) { return true; }
};

template <class T> using PoolVector = std::vector<T, PoolAllocator<T>>;

}  // namespace ebb
