#pragma once
#include <cstddef>

namespace ebb {

/// What the calling thread's buffer pool holds, in bytes. After the first iteration a training loop reuses
/// buffers and calls no allocator.
struct PoolStats {
  std::size_t in_use = 0;        ///< handed out now
  std::size_t peak = 0;          ///< most that was handed out since the last reset_peak()
  std::size_t reserved = 0;      ///< taken from the system, in use or free
  std::size_t system_calls = 0;  ///< how often the system was asked for memory
};
PoolStats pool_stats();
void reset_pool_peak();

namespace detail {
/// Gives free buffers of the calling thread's pool back until it has at most `most` bytes. Returns the bytes that were
/// freed.
std::size_t trim_pool(std::size_t most) noexcept;
/// After much was freed: lets the system have what the C library would keep for itself.
void return_to_system() noexcept;
}  // namespace detail

}  // namespace ebb
