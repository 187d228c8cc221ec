#pragma once
#include <compare>
#include <cstdint>
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

/// The default or a limit of an integer option, as it was written: `whole` rejects 2.5 instead of truncating it to 2.
class IntegerArgument {
 public:
  template <class N>
    requires(!std::is_class_v<N> && std::is_convertible_v<N, double>)
  constexpr IntegerArgument(N x) : written_(static_cast<double>(x)) {
    constexpr double beyond = 0x1p63;  // of std::int64_t
    if constexpr (std::is_floating_point_v<N>) {
      if (x >= -beyond && x < beyond) value_ = static_cast<std::int64_t>(x);
      exact_ = static_cast<double>(value_) == written_;
    } else {
      value_ = static_cast<std::int64_t>(x);
    }
  }
  constexpr bool exact() const { return exact_; }
  constexpr std::int64_t value() const { return value_; }  ///< if exact()
  constexpr double written() const { return written_; }

 private:
  double written_;
  std::int64_t value_ = 0;
  bool exact_ = true;
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
