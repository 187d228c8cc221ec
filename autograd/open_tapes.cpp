#include <algorithm>
#include <ebb/autograd/kept_memory.hpp>
#include <ebb/autograd/tape_impl.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/memory.hpp>
#include <memory>
#include <mutex>

/// Which tapes a thread has open, and what becomes of their memory. A tape belongs to the thread that opened it: it
/// alone uses it, and it alone takes it apart. A Tape that another thread destroys is dead from then on (its epoch is
/// 0, which no Var has), and its thread takes it apart when it next opens, closes or looks for a tape, or ends.
namespace ebb::detail {

namespace {

/// The epochs of all tapes, so that a Var of another thread's is known from one whose tape is gone. Read only when a
/// Var's tape is not found on its thread.
struct Epochs {
  std::mutex mutex;
  std::uint32_t last = 0;
  std::vector<std::uint32_t> live;
};
Epochs& epochs() {
  static auto* all = new Epochs;  // never destroyed: threads may end after main
  return *all;
}

/// One counter for all threads: a Var that another thread captured is refused, never misread.
std::uint32_t new_epoch() {
  Epochs& e = epochs();
  const std::lock_guard lock(e.mutex);
  if (++e.last == 0) ++e.last;
  e.live.push_back(e.last);
  return e.last;
}

void end_epoch(std::uint32_t epoch) noexcept {
  Epochs& e = epochs();
  const std::lock_guard lock(e.mutex);
  const auto at = std::find(e.live.rbegin(), e.live.rend(), epoch);
  if (at == e.live.rend()) return;
  *at = e.live.back();
  e.live.pop_back();
}

}  // namespace

/// The calling thread's closed tapes, and what becomes of its open ones when it ends.
struct ThreadTapes {
  std::vector<std::unique_ptr<TapeImpl>> idle;
  std::vector<KeptMemory> nodes;  // one for each depth of nesting, since inner tapes are another loop's
  KeptMemory arrays;              // of the thread's pool, as the outermost tapes left it

  ~ThreadTapes() {
    for (TapeImpl* t = std::exchange(TapeImpl::innermost_, nullptr); t;) {
      TapeImpl* outer = std::exchange(t->outer_, nullptr);
      if (t->owner_.exchange(TapeImpl::Owner::nobody) == TapeImpl::Owner::closed_elsewhere) {
        t->reset();
        delete t;
      }
      t = outer;
    }
  }

  std::size_t open() const {
    std::size_t n = 0;
    for (const TapeImpl* t = TapeImpl::innermost_; t; t = t->outer_) ++n;
    return n;
  }

  static ThreadTapes& mine() {
    static thread_local ThreadTapes all;
    return all;
  }
};

TapeImpl& TapeImpl::search(const char* who) {
  collect_closed();
  if (innermost_) return *innermost_;
  throw TapeError(std::string(who ? who : "a Var") + " needs a tape: make one first, `Tape tape;`");
}

TapeImpl* TapeImpl::open(TapeOptions o) {
  if (o.order < 1) throw ValueError("tape: the order of differentiation is at least 1");
  collect_closed();
  ThreadTapes& mine = ThreadTapes::mine();
  if (mine.idle.empty()) {
    mine.idle.reserve(8);
    mine.idle.emplace_back(new TapeImpl);
  }
  if (mine.nodes.size() <= mine.open()) mine.nodes.resize(mine.open() + 1);
  const std::uint32_t epoch = new_epoch();
  TapeImpl* t = mine.idle.back().release();
  mine.idle.pop_back();
  t->dtype_ = o.dtype;
  t->order_ = o.order;
  t->epoch_ = epoch;
  t->owner_ = Owner::thread;
  t->bytes_at_start_ = pool_stats().in_use;
  t->outer_ = std::exchange(innermost_, t);
  return t;
}

void TapeImpl::close(TapeImpl* t) noexcept {
  end_epoch(t->epoch());
  for (TapeImpl* own = innermost_; own; own = own->outer_)
    if (own == t) return shelve(t);
  t->epoch_ = 0;
  if (t->owner_.exchange(Owner::closed_elsewhere) != Owner::nobody) return;  // left to its thread
  t->reset();
  delete t;
}

/// Takes apart what other threads have closed.
void TapeImpl::collect_closed() noexcept {
  for (TapeImpl* t = innermost_; t;) {
    TapeImpl* outer = t->outer_;
    if (t->owner_ == Owner::closed_elsewhere) shelve(t);
    t = outer;
  }
}

void TapeImpl::shelve(TapeImpl* t) noexcept {
  ThreadTapes& mine = ThreadTapes::mine();
  const std::size_t needed = t->nodes_.bytes_used();
  t->reset();
  t->unlink();
  std::size_t freed = t->nodes_.give_back(mine.nodes[mine.open()].after(needed));
  if (!innermost_) freed += trim_pool(mine.arrays.after(pool_stats().reserved));
  if (freed > KeptMemory::always) return_to_system();
  mine.idle.emplace_back(t);
}

void TapeImpl::unlink() noexcept {
  TapeImpl** at = &innermost_;
  while (*at != this) at = &(*at)->outer_;  // destroyed out of order: the others live on
  *at = std::exchange(outer_, nullptr);
}

void TapeImpl::reset() noexcept {
  numbers_.clear();
  leaves_.clear();
  packs_.clear();
  sweep_.clear();
  nodes_.clear();
  recorded_nodes_ = 0;
  recording_ = true;
  probe_ = nullptr;
  time_ = -1;
  epoch_ = 0;
}

void TapeImpl::check_elsewhere(std::uint32_t epoch, const std::string& who) {
  Epochs& e = epochs();
  const std::lock_guard lock(e.mutex);
  if (std::find(e.live.begin(), e.live.end(), epoch) != e.live.end())
    throw TapeError(who + "this Var belongs to another thread: use and copy it there, or pass its value(), an Array");
}

}  // namespace ebb::detail
