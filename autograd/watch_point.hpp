#pragma once
#include <ebb/autograd/var.hpp>

namespace ebb {

namespace detail {

class WatchPoint;
/// Where this thread's named values go; null without a Watch. Accessed without a function call, even in
/// position-independent code.
[[gnu::tls_model("initial-exec")]] inline constinit thread_local WatchPoint* watch_point = nullptr;
void watched(const char* name, const Var& v);

/// Prefixes names with "part/" in its scope: layers of a stack, heads of a cell.
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
  std::size_t outer_ = 0;  // length of the outer prefix
};

}  // namespace detail

/// Names a value inside a step, for a Watch (watch.hpp) to collect, and returns it: `watch("f", f);`, or within an
/// expression. Works in the same way in a fused lambda.
///
/// Cost      without a Watch, a test of a pointer, and nothing in a fused lambda
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
