#pragma once
#include <concepts>
#include <ebb/ops/array.hpp>

/// Elementwise functions on numbers alone, with numpy broadcasting: the functions of Var, under the same names and with
/// the same meaning.
namespace ebb {

/// The second or third operand of an elementwise function of Arrays: an Array, or a number, which takes their element
/// type.
struct ArrayArg {
  const Array* array = nullptr;
  double number = 0;
  ArrayArg(const Array& a) : array(&a) {}  // lives to the end of the call's full expression
  ArrayArg(double x) : number(x) {}
};

/// Every function of ops/pointwise_functions.inl but the comparisons. The first operand is an Array.
#define EBB_UNARY(Op, function, x) Array function(const Array& x);
#define EBB_BINARY(Op, function, a, b) Array function(const Array& a, const ArrayArg& b);
#define EBB_TERNARY(Op, function, a, b, c) Array function(const Array& a, const ArrayArg& b, const ArrayArg& c);
#define EBB_COMPARISON(Op, function, a, b)
#include <ebb/ops/pointwise_functions.inl>

Array operator+(double, const Array&);
Array operator-(double, const Array&);
Array operator*(double, const Array&);
Array elu(const Array& x);

/// max(x, -1) reads like a maximum over an axis, which it is not: a whole number is an error that names both meanings.
Array max(const Array&, std::integral auto number) {
  static_assert(sizeof(number) == 0, "max(x, 1) is ambiguous: amax(x, 1) is along axis 1, max(x, 1.0) elementwise");
  return {};
}
Array min(const Array&, std::integral auto number) {
  static_assert(sizeof(number) == 0, "min(x, 1) is ambiguous: -amax(-x, 1) is along axis 1, min(x, 1.0) elementwise");
  return {};
}

/// target += x, shapes and element types equal; the kernel of gradient accumulation.
void add_into(Array& target, const Array& x);
/// target += scale * x
void add_scaled_into(Array& target, double scale, const Array& x);
/// target *= factor
void scale_in_place(Array& target, double factor);

/// No element is infinite or NaN.
bool all_finite(const Array&);

}  // namespace ebb
