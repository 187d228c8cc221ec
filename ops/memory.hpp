#pragma once
#include <cstddef>

namespace ebb {

/// Statistics of the calling thread's buffer pool, in bytes. After its first iteration a training loop reuses buffers
/// and makes no allocator calls.
struct PoolStats {
  std::size_t in_use = 0;        ///< allocated and not yet released
  std::size_t peak = 0;          ///< maximum of in_use since the last reset_peak()
  std::size_t reserved = 0;      ///< obtained from the system, in use or free
  std::size_t system_calls = 0;  ///< number of requests to the system
};
PoolStats pool_stats();
void reset_pool_peak();

namespace detail {
/// Returns free buffers of the calling thread's pool to the system until it holds at most `most` bytes. Returns the
/// number of bytes freed.
std::size_t trim_pool(std::size_t most) noexcept;
/// Makes the C library return freed memory to the system; for use after large releases.
void return_to_system() noexcept;
}  // namespace detail

}  // namespace ebb
