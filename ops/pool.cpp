#include <sys/mman.h>
#include <algorithm>
#include <bit>
#include <cstdlib>
#include <ebb/ops/pool.hpp>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#define EBB_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EBB_ASAN
#endif
#endif
#ifdef EBB_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace ebb {
namespace {

using detail::Buffer;

// Under the address sanitizer, free buffers and the unused ends of buffers in use are poisoned.
void may_use([[maybe_unused]] Buffer* b, [[maybe_unused]] std::size_t bytes, [[maybe_unused]] std::size_t capacity) {
#ifdef EBB_ASAN
  ASAN_POISON_MEMORY_REGION(b->data, capacity);
  ASAN_UNPOISON_MEMORY_REGION(b->data, bytes);
#endif
}

/// Prefetches the next buffer of this size, which will be written soon: in a long pass it has left the cache.
[[gnu::always_inline]] inline void fetch(const Buffer* b, std::size_t bytes) {
  constexpr std::size_t most = 4096;  // the hardware prefetcher handles longer ones
  for (std::size_t k = 0, end = sizeof(Buffer) + std::min(most, bytes); k < end; k += 64)
    __builtin_prefetch(reinterpret_cast<const char*>(b) + k, 1);
}

/// From this size on, a buffer has pages of its own: the C library would cut freed ones into small pieces, so that they
/// could neither be used for large buffers again nor be returned to the system.
constexpr std::size_t own_pages = std::size_t{1} << 18;

#ifdef EBB_ASAN
constexpr bool maps_pages = false;  // the leak checker does not follow pointers in them
#else
constexpr bool maps_pages = true;
#endif

void* request(std::size_t bytes) noexcept {
  if (!maps_pages || bytes < own_pages) return std::aligned_alloc(64, bytes);
  void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return p == MAP_FAILED ? nullptr : p;
}
void hand_back(void* p, std::size_t bytes) noexcept {
  if (!maps_pages || bytes < own_pages) std::free(p);
  else munmap(p, bytes);
}

}  // namespace

std::uint32_t Pool::class_of(std::size_t bytes) noexcept {
  const std::size_t units = bytes == 0 ? 1 : (bytes + 63) / 64;
  if (units <= 8) return static_cast<std::uint32_t>(units - 1);
  const auto k = static_cast<std::uint32_t>(std::bit_width(units - 1) - 1);
  const auto quarter = static_cast<std::uint32_t>((units - 1 - (std::size_t{1} << k)) >> (k - 2));
  return 8 + (k - 3) * 4 + quarter;
}

std::size_t Pool::bytes_of_class(std::uint32_t c) noexcept {
  if (c < 8) return (c + std::size_t{1}) * 64;
  const std::uint32_t k = (c - 8) / 4 + 3, quarter = (c - 8) % 4;
  return ((std::size_t{1} << k) + (quarter + std::size_t{1}) * (std::size_t{1} << (k - 2))) * 64;
}

Buffer* Pool::take(std::size_t bytes) {
  if (bytes > (std::size_t{1} << 48)) throw std::bad_alloc();
  const std::uint32_t c = class_of(bytes);
  if (free_[c] == nullptr) collect();
  Buffer* b = free_[c];
  if (b) {
    free_[c] = b->next;
    if (b->next) fetch(b->next, bytes);
  } else {
    b = from_system(c);
  }
  const std::size_t capacity = bytes_of_class(c);
  stats_.in_use += capacity;
  stats_.peak = std::max(stats_.peak, stats_.in_use);
  b->holders.reset(1);
  b->bytes = bytes;
  b->next = nullptr;
  may_use(b, bytes, capacity);
  return b;
}

void Pool::give(Buffer* b) noexcept {
  const std::size_t capacity = bytes_of_class(b->size_class);
  stats_.in_use -= capacity;
  may_use(b, 0, capacity);
  b->next = free_[b->size_class];
  free_[b->size_class] = b;
}

void Pool::give_from_elsewhere(Buffer* b) noexcept {
  Buffer* top = returned_.load(std::memory_order_relaxed);
  do b->next = top;
  while (!returned_.compare_exchange_weak(top, b, std::memory_order_release, std::memory_order_relaxed));
}

void Pool::collect() noexcept {
  Buffer* b = returned_.exchange(nullptr, std::memory_order_acquire);
  while (b) {
    Buffer* next = b->next;
    give(b);
    b = next;
  }
}

Buffer* Pool::from_system(std::uint32_t c) {
  const std::size_t total = sizeof(Buffer) + bytes_of_class(c);
  void* memory = request(total);
  if (memory == nullptr) {
    trim(0);
    memory = request(total);
    if (memory == nullptr) throw std::bad_alloc();
  }
  stats_.reserved += total;
  ++stats_.system_calls;
  auto* b = new (memory) Buffer;
  b->size_class = c;
  b->owner = this;
  b->data = static_cast<char*>(memory) + sizeof(Buffer);
  return b;
}

std::size_t Pool::trim(std::size_t most) noexcept {
  collect();
  const std::size_t before = stats_.reserved;
  for (std::uint32_t c = classes; c-- > 0;)
    while (stats_.reserved > most && free_[c]) {
      Buffer* b = free_[c];
      free_[c] = b->next;
      const std::size_t total = sizeof(Buffer) + bytes_of_class(c);
      stats_.reserved -= total;
      may_use(b, bytes_of_class(c), bytes_of_class(c));
      hand_back(b, total);
    }
  return before - stats_.reserved;
}

PoolStats Pool::stats() noexcept {
  collect();
  return stats_;
}

}  // namespace ebb
