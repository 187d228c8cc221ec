#include <cstdlib>  // defines __GLIBC__
#include <ebb/ops/pool.hpp>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <mutex>
#include <new>
#include <vector>

namespace ebb {
namespace {

// Pools are never destroyed, since an array may outlive the thread that created it. A finished thread's pool is kept
// here and reused by the next new thread.
struct Idle {
  std::mutex lock;
  std::vector<Pool*> pools;
  std::vector<Pool*> all;  // keeps pools reachable for leak checkers
};
Idle& idle() {
  static Idle* the_one = new Idle;
  return *the_one;
}

// Initial-exec: accessed without a function call, even in position-independent code.
[[gnu::tls_model("initial-exec")]] constinit thread_local Pool* mine = nullptr;

struct HandBack {
  ~HandBack() {
    Idle& i = idle();
    const std::lock_guard hold(i.lock);
    i.pools.push_back(mine);
    mine = nullptr;
  }
};

Pool& first_use() {
  {
    Idle& i = idle();
    const std::lock_guard hold(i.lock);
    if (i.pools.empty()) {
      i.all.push_back(new Pool);
      i.pools.reserve(i.all.size());  // so that returning a pool cannot throw
      mine = i.all.back();
    } else {
      mine = i.pools.back();
      i.pools.pop_back();
    }
  }
  static thread_local HandBack at_thread_end;
  (void)at_thread_end;
  return *mine;
}

Pool& pool() { return mine ? *mine : first_use(); }

}  // namespace

PoolStats pool_stats() { return pool().stats(); }
void reset_pool_peak() { pool().reset_peak(); }

namespace detail {

std::size_t trim_pool(std::size_t most) noexcept { return mine ? mine->trim(most) : 0; }

void return_to_system() noexcept {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

Buffer* allocate(std::size_t bytes) { return pool().take(bytes); }

Buffer* borrow(void* data, std::size_t bytes) {
  auto* b = new Buffer;
  b->holders.reset(1);
  b->size_class = 0;
  b->owner = nullptr;
  b->data = data;
  b->bytes = bytes;
  b->next = nullptr;
  return b;
}

void release(Buffer* b) noexcept {
  // A sole holder needs no locked instruction: no other thread can add a reference.
  if (b->holders.number() != 1 && !b->holders.drop()) return;
  if (b->owner == nullptr) {
    delete b;
  } else if (b->owner == mine) {
    b->owner->give(b);
  } else {
    b->owner->give_from_elsewhere(b);
  }
}

}  // namespace detail
}  // namespace ebb
