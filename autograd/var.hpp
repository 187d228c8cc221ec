#pragma once
#include <ebb/ops/array.hpp>
#include <source_location>

/// The part of the tape that a cell's file includes. Lightweight: no <string>, <vector>, <memory>, xtensor or xsimd.
namespace ebb {

class Leaf;
class Var;

namespace detail {
struct Node;
class TapeImpl;
void hold(std::uint32_t node, std::uint32_t epoch);
void drop(std::uint32_t node, std::uint32_t epoch) noexcept;
template <class A>
concept is_array = __is_same(A, Array);
}  // namespace detail

/// An index on an axis, with the line of the call.
struct Index {
  int number;
  std::source_location where;
  Index(int i, std::source_location w = std::source_location::current()) : number(i), where(w) {}
};

/// A value on the tape: a reference-counted handle of 8 bytes (node and epoch of its tape; the count is in the node).
/// Operators are evaluated eagerly and return a Var. A value without handles that no backward needs is freed.
///
/// Errors    TapeError if its tape was destroyed or is not this thread's innermost, or when copied on another thread
class Var {
 public:
  Var() noexcept = default;
  Var(const Var& o) : handle_(o.handle_) {
    if (handle_ != 0) detail::hold(node(), epoch());
  }
  Var(Var&& o) noexcept : handle_(o.handle_) { o.handle_ = 0; }
  Var& operator=(const Var& o) { return *this = Var(o); }
  Var& operator=(Var&& o) noexcept {
    if (this != &o) {
      if (handle_ != 0) detail::drop(node(), epoch());
      handle_ = o.handle_;
      o.handle_ = 0;
    }
    return *this;
  }
  ~Var() {
    if (handle_ != 0) detail::drop(node(), epoch());
  }

  explicit operator bool() const noexcept { return handle_ != 0; }  ///< false for an empty handle
  Array value() const;  ///< shares the value's memory, which must not be written
  Shape shape() const;
  int rank() const { return shape().rank(); }
  int dim(int axis) const { return shape()[axis]; }
  DType dtype() const;
  bool requires_grad() const;
  double item() const;            ///< the only element. Errors: ShapeError if there is not exactly one
  Var operator[](Index i) const;  ///< entry i of the first axis, a view; negative i counts from the end

  std::uint32_t node() const noexcept { return static_cast<std::uint32_t>(handle_); }
  std::uint32_t epoch() const noexcept { return static_cast<std::uint32_t>(handle_ >> 32); }

 private:
  friend class detail::TapeImpl;
  Var(std::uint32_t node, std::uint32_t epoch) noexcept  // adopts a counted reference
      : handle_(node | std::uint64_t{epoch} << 32) {}
  std::uint64_t handle_ = 0;  // one word, because a Var stored in halves and loaded whole stalls the processor
};
static_assert(sizeof(Var) == 8);

std::ostream& operator<<(std::ostream&, const Var&);

/// In its scope all ops have this line: for a function composed of several ops, so that errors name the line of its
/// caller. The outermost one counts. Not for use around the user's code.
///
///     Var rms(At x) {
///       const CallSite here{x.where};
///       return sqrt(mean(square(x.var)));
///     }
class CallSite {
 public:
  explicit CallSite(const std::source_location& where) noexcept : where_(where), before_(current_) {
    if (!current_) current_ = &where_;
  }
  ~CallSite() { current_ = before_; }
  CallSite(const CallSite&) = delete;
  CallSite& operator=(const CallSite&) = delete;
  static const std::source_location* current() noexcept { return current_; }  ///< null outside any scope

 private:
  std::source_location where_;
  const std::source_location* before_;
  [[gnu::tls_model("initial-exec")]] static inline constinit thread_local const std::source_location* current_ =
      nullptr;
};

/// An operand with the line of the call. Passed by value, so that a dying temporary can be overwritten.
struct At {
  Var var;
  std::source_location where;
  At(Var v, std::source_location w = std::source_location::current()) : var(static_cast<Var&&>(v)), where(w) {}
  At(const Leaf& p, std::source_location w = std::source_location::current());
  template <detail::is_array A> At(const A&) {
    static_assert(sizeof(A) == 0,
                  "an Array is not on the tape: use constant(array), variable(array) for a gradient, or "
                  "<ebb/ops/elementwise.hpp> for functions of Arrays without gradients");
  }
};

/// An operand that may also be a plain number, which takes the tape's element type.
struct Arg : At {
  using At::At;
  Arg(Var v, std::source_location w = std::source_location::current()) : At(static_cast<Var&&>(v), w) {}
  Arg(const Leaf& p, std::source_location w = std::source_location::current()) : At(p, w) {}
  Arg(double x, std::source_location w = std::source_location::current());
};

/// Several operands: a braced list, an array, or any container of Vars with data() and size().
struct VarList {
  const Var* first = nullptr;
  int count = 0;
  std::source_location where;
  VarList(std::initializer_list<Var> l, std::source_location w = std::source_location::current()) : where(w) {
    first = l.begin();  // the list lives until the end of the full expression
    count = static_cast<int>(l.size());
  }
  template <class C>
    requires requires(const C& c) { static_cast<const Var*>(c.data()) + c.size(); }
  VarList(const C& c, std::source_location w = std::source_location::current())
      : first(c.data()), count(static_cast<int>(c.size())), where(w) {}
};

/// The result of a comparison: a Var of ones and zeros. It does not convert to bool, which would test whether the
/// handle is empty; compare numbers instead, `if (x[0].item() > 0)`.
struct Comparison : Var {
  Comparison(Var v) noexcept : Var(static_cast<Var&&>(v)) {}
  using Var::operator=;
  explicit operator bool() const __attribute__((unavailable("write where(x > 0, a, b), or if (x.item() > 0)")));
};

Var operator+(Arg a, Arg b);
Var operator-(Arg a, Arg b);
Var operator*(Arg a, Arg b);  // elementwise
Var operator/(Arg a, Arg b);
Var operator-(At x);
Comparison operator<(Arg a, Arg b);  // 1 where true, else 0; no gradient
Comparison operator<=(Arg a, Arg b);
Comparison operator>(Arg a, Arg b);
Comparison operator>=(Arg a, Arg b);
Var& operator+=(Var& a, Arg b);
Var& operator-=(Var& a, Arg b);
Var& operator*=(Var& a, Arg b);
Var& operator/=(Var& a, Arg b);

}  // namespace ebb
