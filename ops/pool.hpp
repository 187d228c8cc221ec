#pragma once
#include <atomic>
#include <cstddef>
#include <ebb/ops/array.hpp>
#include <ebb/ops/memory.hpp>

namespace ebb {

/// One thread's buffers: a last-in-first-out free list per size class, so that allocation reuses the buffer most likely
/// to be in the cache. Other threads return buffers through a lock-free stack that the owner empties.
class Pool final {
 public:
  detail::Buffer* take(std::size_t bytes);             ///< owner's thread. Errors: std::bad_alloc
  void give(detail::Buffer*) noexcept;                 ///< owner's thread
  void give_from_elsewhere(detail::Buffer*) noexcept;  ///< any thread
  PoolStats stats() noexcept;
  std::size_t trim(std::size_t most) noexcept;  ///< returns free buffers to the system until at most this much is held
  void reset_peak() noexcept { stats_.peak = stats_.in_use; }

  // Classes are 64 bytes apart up to 512, then four per doubling: at most a fifth of a buffer is unused.
  static constexpr std::uint32_t classes = 200;
  static std::uint32_t class_of(std::size_t bytes) noexcept;
  static std::size_t bytes_of_class(std::uint32_t) noexcept;

 private:
  detail::Buffer* from_system(std::uint32_t size_class);
  void collect() noexcept;  // what other threads returned

  detail::Buffer* free_[classes] = {};
  PoolStats stats_;
  alignas(64) std::atomic<detail::Buffer*> returned_{nullptr};
};

}  // namespace ebb
