#pragma once
#include <compare>
#include <type_traits>

namespace ebb {

/// The number given for an option. It converts to double but not to an integer, which would silently truncate 2.5 to 2;
/// `whole` accepts integers only. In expressions it is a double.
class OptionValue {
 public:
  constexpr explicit OptionValue(double x) : value_(x) {}
  constexpr operator double() const { return value_; }
  template <class Integer>
    requires std::is_integral_v<Integer>
  constexpr operator Integer() const {
    static_assert(
        sizeof(Integer) == 0,
        "an option's value need not be an integer: use p.whole(name, default, low, high, help) for an integer, "
        "p.flag(name, default, help) for true or false");
    return {};
  }

 private:
  double value_;
};

namespace detail {
/// Operands of which at least one is an OptionValue and the other may be a number.
template <class A, class B>
concept WithOptionValue = (std::is_same_v<A, OptionValue> || std::is_same_v<B, OptionValue>) &&
                          (std::is_same_v<A, OptionValue> || std::is_arithmetic_v<A>) &&
                          (std::is_same_v<B, OptionValue> || std::is_arithmetic_v<B>);
}  // namespace detail

constexpr double operator-(OptionValue a) { return -static_cast<double>(a); }
template <class A, class B>
  requires detail::WithOptionValue<A, B>
constexpr double operator+(A a, B b) {
  return static_cast<double>(a) + static_cast<double>(b);
}
template <class A, class B>
  requires detail::WithOptionValue<A, B>
constexpr double operator-(A a, B b) {
  return static_cast<double>(a) - static_cast<double>(b);
}
template <class A, class B>
  requires detail::WithOptionValue<A, B>
constexpr double operator*(A a, B b) {
  return static_cast<double>(a) * static_cast<double>(b);
}
template <class A, class B>
  requires detail::WithOptionValue<A, B>
constexpr double operator/(A a, B b) {
  return static_cast<double>(a) / static_cast<double>(b);
}
template <class A, class B>
  requires detail::WithOptionValue<A, B>
constexpr bool operator==(A a, B b) {
  return static_cast<double>(a) == static_cast<double>(b);
}
template <class A, class B>
  requires detail::WithOptionValue<A, B>
constexpr std::partial_ordering operator<=>(A a, B b) {
  return static_cast<double>(a) <=> static_cast<double>(b);
}

}  // namespace ebb
