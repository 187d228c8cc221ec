#pragma once
#include <ebb/autograd/var.hpp>

namespace ebb {

namespace detail {

class WatchPoint;
/// Where this thread's named values go; null without a Watch. Accessed without a function call, even in
/// position-independent code.
[[gnu::tls_model("initial-exec")]] inline constinit thread_local WatchPoint* watch_point = nullptr;
void watched(const char* name, const Var& v, const std::source_location& where);

}  // namespace detail

/// Prefixes names with "part/" in its scope: layers of a stack, heads of a cell, cells inside a cell.
class WatchScope {
 public:
  explicit WatchScope(const char* part) : point_(detail::watch_point) {
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
  detail::WatchPoint* point_;
  std::size_t outer_ = 0;  // length of the outer prefix
};

namespace detail {

/// In its scope no values are collected.
class WatchNothing {
 public:
  WatchNothing() noexcept : point_(watch_point) { watch_point = nullptr; }
  ~WatchNothing() { watch_point = point_; }
  WatchNothing(const WatchNothing&) = delete;
  WatchNothing& operator=(const WatchNothing&) = delete;

 private:
  WatchPoint* point_;
};

/// Scope of a cell's step, in which a repeated name is an error. The outermost one counts.
class WatchStep {
 public:
  WatchStep() : point_(watch_point) {
    if (point_) [[unlikely]]
      enter();
  }
  ~WatchStep() {
    if (point_) [[unlikely]]
      leave();
  }
  WatchStep(const WatchStep&) = delete;
  WatchStep& operator=(const WatchStep&) = delete;

 private:
  void enter();
  void leave() noexcept;
  WatchPoint* point_;
  bool outermost_ = false;
};

}  // namespace detail

/// Names a value inside a step, for a Watch (watch.hpp) to collect, and returns it: `watch("f", f);`, or within an
/// expression. Works in the same way in a fused lambda. The name is copied.
///
/// Errors    with a Watch, ValueError with both lines if a step of a cell uses a name twice, since only one of the
///           values could be kept. Parts of a cell that use the same names need a WatchScope each
/// Cost      without a Watch, a test of a pointer, and nothing in a fused lambda
inline const Var& watch(const char* name, const Var& v, std::source_location where = std::source_location::current()) {
  if (detail::watch_point) [[unlikely]]
    detail::watched(name, v, where);
  return v;
}
inline Var watch(const char* name, Var&& v, std::source_location where = std::source_location::current()) {
  if (detail::watch_point) [[unlikely]]
    detail::watched(name, v, where);
  return static_cast<Var&&>(v);
}

}  // namespace ebb
