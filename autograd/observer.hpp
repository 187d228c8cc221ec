#pragma once
#include <ebb/autograd/probe.hpp>

namespace ebb::detail {

/// What observes a thread's work: the tapes that it opens get its probe, and the shards that it starts an observer
/// each, since they may run on other threads. The scope of a Profile or a NonFinite; the innermost one observes.
class Observer {
 public:
  virtual Probe& probe() = 0;
  /// The observer of a shard that this thread starts. Called on the thread that runs the shard, of several at once.
  virtual Observer& shard(int number) = 0;
  virtual void enter() {}  ///< a scope of it begins, ends
  virtual void leave() noexcept {}
  virtual void pause() noexcept {}  ///< the thread waits for its shards, continues
  virtual void resume() noexcept {}

 protected:
  ~Observer() = default;
};

/// The calling thread's observer, or null.
[[gnu::tls_model("initial-exec")]] inline constinit thread_local Observer* observer = nullptr;

/// In the thread's open tapes, `to` takes the place of the probe `from`.
void replace_probe(const Probe* from, Probe* to) noexcept;

/// In its scope, `o` observes this thread, its open tapes included. Null: what observes it already.
class Observed {
 public:
  explicit Observed(Observer* o);
  ~Observed();
  Observed(const Observed&) = delete;
  Observed& operator=(const Observed&) = delete;

 private:
  Observer* own_;
  Observer* before_;
};

/// In its scope the thread waits for the shards that it started, whose work is their own observers'.
class ObservedWait {
 public:
  ObservedWait() : own_(observer) {
    if (own_) own_->pause();
  }
  ~ObservedWait() {
    if (own_) own_->resume();
  }
  ObservedWait(const ObservedWait&) = delete;
  ObservedWait& operator=(const ObservedWait&) = delete;

 private:
  Observer* own_;
};

}  // namespace ebb::detail
