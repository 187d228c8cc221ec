#pragma once
#include <ebb/autograd/var.hpp>

namespace ebb {

namespace detail {

class WatchPoint;
/// Where the values go that this thread names; null if nobody watches. Read without a call, also from
/// position-independent code.
[[gnu::tls_model("initial-exec")]] inline constinit thread_local WatchPoint* watch_point = nullptr;
void watched(const char* name, const Var& v);

/// In its scope names have "part/" put before them: the layers of a stack, the heads of a cell.
class WatchScope {
 public:
  explicit WatchScope(const char* part) : point_(watch_point) {
    if (point_) [[unlikely]]
      enter(part);
  }
  ~WatchScope() {
    if (point_) [[unlikely]]
      leave();
  }
  WatchScope(const WatchScope&) = delete;
  WatchScope& operator=(const WatchScope&) = delete;

 private:
  void enter(const char* part);
  void leave() noexcept;
  WatchPoint* point_;
  std::size_t outer_ = 0;  // length of the names before
};

}  // namespace detail

/// Names a value inside a step, for a Watch (watch.hpp) to collect, and gives it back: `watch("f", f);`, or in the
/// middle of an expression. Inside a fused lambda it is written in the same way.
///
/// Cost      a test of a pointer if nobody watches; inside a fused lambda nothing
inline const Var& watch(const char* name, const Var& v) {
  if (detail::watch_point) [[unlikely]]
    detail::watched(name, v);
  return v;
}
inline Var watch(const char* name, Var&& v) {
  if (detail::watch_point) [[unlikely]]
    detail::watched(name, v);
  return static_cast<Var&&>(v);
}

}  // namespace ebb
