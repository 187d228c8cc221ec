#pragma once
#include <ebb/autograd/step_context.hpp>
#include <ebb/ops/count.hpp>
#include <ebb/ops/handle.hpp>

namespace ebb {

/// A function applied to a parameter's values before they are used: to make a matrix orthogonal, or to drop weights. A
/// reference-counted handle to a function of the values, with or without a StepContext.
///
///     w.transform("cell/Wh", [](const Var& m) { return m - transpose(m); });
class Transform {
 public:
  template <class F>
    requires requires(const F& f, const Var& w, const StepContext& at) { f(w, at); } ||
             requires(const F& f, const Var& w) { f(w); }
  Transform(F f) : self_(new Holder<F>(static_cast<F&&>(f))) {}
  Var operator()(const Var& w, const StepContext& at) const { return self_->call(w, at); }

 private:
  struct Base {
    virtual ~Base() = default;
    virtual Var call(const Var&, const StepContext&) const = 0;
    detail::Count holders;
    friend void hold(Base* b) noexcept { b->holders.hold(); }
    friend void drop(Base* b) noexcept {
      if (b->holders.drop()) delete b;
    }
  };
  template <class F> struct Holder final : Base {
    F f;
    explicit Holder(F&& g) : f(static_cast<F&&>(g)) {}
    Var call(const Var& w, const StepContext& at) const override {
      if constexpr (requires { f(w, at); }) return f(w, at);
      else return f(w);
    }
  };
  detail::Handle<Base> self_;
};

}  // namespace ebb
