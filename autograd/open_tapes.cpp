#include <algorithm>
#include <ebb/autograd/kept_memory.hpp>
#include <ebb/autograd/observer.hpp>
#include <ebb/autograd/tape_impl.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/memory.hpp>
#include <memory>
#include <mutex>

/// The open tapes of each thread, and their memory. A tape belongs to the thread that opened it, which alone uses and
/// dismantles it. A Tape destroyed by another thread is dead from then on (its epoch is 0, which no Var has), and its
/// own thread dismantles it when it next opens, closes or looks up a tape, or ends.
namespace ebb::detail {

namespace {

/// The epochs of all tapes, to distinguish a Var of another thread from one whose tape was destroyed. Read only if a
/// Var's tape is not found on the calling thread.
struct Epochs {
  std::mutex mutex;
  std::uint32_t last = 0;
  std::vector<std::uint32_t> live;
};
Epochs& epochs() {
  static auto* all = new Epochs;  // never destroyed: threads may end after main
  return *all;
}

/// One counter for all threads, so that a Var captured by another thread is rejected, never misread.
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

/// The calling thread's closed tapes, and the cleanup of its open ones when it ends.
struct ThreadTapes {
  std::vector<std::unique_ptr<TapeImpl>> idle;
  std::vector<KeptMemory> nodes;  // one per nesting depth, since inner tapes belong to other loops
  KeptMemory arrays;              // the thread's pool, after outermost tapes

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

  static void replace_probe(const Probe* from, Probe* to) {
    for (TapeImpl* t = TapeImpl::innermost_; t; t = t->outer_)
      if (t->probe_ == from) t->probe_ = to;
  }

  static ThreadTapes& mine() {
    static thread_local ThreadTapes all;
    return all;
  }
};

TapeImpl& TapeImpl::search(const char* who) {
  collect_closed();
  if (innermost_) return *innermost_;
  throw TapeError(std::string(who ? who : "a Var") + " needs a tape: create one first, `Tape tape;`");
}

TapeImpl* TapeImpl::open(TapeOptions o) {
  if (o.order < 1) throw ValueError("tape: the order of differentiation must be at least 1");
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
  t->probe_ = observer ? &observer->probe() : nullptr;
  t->bytes_at_start_ = pool_stats().in_use;
  t->outer_ = std::exchange(innermost_, t);
  return t;
}

void TapeImpl::close(TapeImpl* t) noexcept {
  end_epoch(t->epoch());
  for (TapeImpl* own = innermost_; own; own = own->outer_)
    if (own == t) return shelve(t);
  t->epoch_ = 0;
  if (t->owner_.exchange(Owner::closed_elsewhere) != Owner::nobody) return;  // its own thread dismantles it
  t->reset();
  delete t;
}

/// Dismantles the tapes that other threads have closed.
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
  while (*at != this) at = &(*at)->outer_;  // destroyed out of order: the others stay open
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

void replace_probe(const Probe* from, Probe* to) noexcept { ThreadTapes::replace_probe(from, to); }

Observed::Observed(Observer* o) : own_(o), before_(observer) {
  if (!own_) return;
  replace_probe(before_ ? &before_->probe() : nullptr, &own_->probe());
  observer = own_;
  own_->enter();
}

Observed::~Observed() {
  if (!own_) return;
  own_->leave();
  replace_probe(&own_->probe(), before_ ? &before_->probe() : nullptr);
  observer = before_;
}

void TapeImpl::check_elsewhere(std::uint32_t epoch, const std::string& who) {
  Epochs& e = epochs();
  const std::lock_guard lock(e.mutex);
  if (std::find(e.live.begin(), e.live.end(), epoch) != e.live.end())
    throw TapeError(who + "this Var belongs to another thread: use and copy it there, or pass its value(), an Array");
}

}  // namespace ebb::detail
