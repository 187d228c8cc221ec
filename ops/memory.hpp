#pragma once
#include <cstddef>

namespace ebb {

/// What the calling thread's buffer pool holds, in bytes. After the first iteration a training loop reuses
/// buffers and calls no allocator.
struct PoolStats {
  std::size_t in_use = 0;       ///< handed out now
  std::size_t peak = 0;         ///< most that was handed out since the last reset_peak()
  std::size_t reserved = 0;     ///< taken from the system, in use or free
  std::size_t system_calls = 0; ///< how often the system was asked for memory
};
PoolStats pool_stats();
void reset_pool_peak();

}  // namespace ebb
