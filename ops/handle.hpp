#pragma once

namespace ebb::detail {

/// A counted pointer to a T, which may be null. The functions `hold(T*)` and `drop(T*)` declared beside T do the
/// counting, and `drop` deletes it with its last handle; T itself may be incomplete here.
template <class T> class Handle {
 public:
  Handle() noexcept = default;
  explicit Handle(T* p) noexcept : p_(p) {
    if (p_) hold(p_);
  }
  Handle(const Handle& o) noexcept : Handle(o.p_) {}
  Handle(Handle&& o) noexcept : p_(o.p_) { o.p_ = nullptr; }
  Handle& operator=(Handle o) noexcept {
    T* before = p_;
    p_ = o.p_;
    o.p_ = before;
    return *this;
  }
  ~Handle() {
    if (p_) drop(p_);
  }
  T* get() const noexcept { return p_; }
  T* operator->() const noexcept { return p_; }
  T& operator*() const noexcept { return *p_; }
  explicit operator bool() const noexcept { return p_ != nullptr; }

 private:
  T* p_ = nullptr;
};

}  // namespace ebb::detail
