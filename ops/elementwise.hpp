#pragma once
#include <concepts>
#include <ebb/ops/array.hpp>

/// Elementwise functions of Arrays, without gradients and with NumPy broadcasting: the same names and definitions as
/// the functions of Var.
namespace ebb {

/// The second or third operand of an elementwise function of Arrays: an Array, or a scalar of their element type.
struct ArrayArg {
  const Array* array = nullptr;
  double number = 0;
  ArrayArg(const Array& a) : array(&a) {}  // a must live until the end of the full expression
  ArrayArg(double x) : number(x) {}
};

/// Every function of ops/pointwise_functions.inl except the comparisons. The first operand is an Array.
#define EBB_UNARY(Op, function, x) Array function(const Array& x);
#define EBB_BINARY(Op, function, a, b) Array function(const Array& a, const ArrayArg& b);
#define EBB_TERNARY(Op, function, a, b, c) Array function(const Array& a, const ArrayArg& b, const ArrayArg& c);
#define EBB_COMPARISON(Op, function, a, b)
#include <ebb/ops/pointwise_functions.inl>

Array operator+(double, const Array&);
Array operator-(double, const Array&);
Array operator*(double, const Array&);
Array elu(const Array& x);

/// max(x, -1) could be mistaken for a maximum over an axis, so an integer as the second argument does not compile.
Array max(const Array&, std::integral auto number) {
  static_assert(sizeof(number) == 0, "max(x, 1) is ambiguous: amax(x, 1) is along axis 1, max(x, 1.0) elementwise");
  return {};
}
Array min(const Array&, std::integral auto number) {
  static_assert(sizeof(number) == 0, "min(x, 1) is ambiguous: -amax(-x, 1) is along axis 1, min(x, 1.0) elementwise");
  return {};
}

/// target += x, for gradient accumulation. Shapes and element types must be equal.
void add_into(Array& target, const Array& x);
/// target += scale * x
void add_scaled_into(Array& target, double scale, const Array& x);
/// target *= factor
void scale_in_place(Array& target, double factor);

/// Whether no element is infinite or NaN.
bool all_finite(const Array&);

}  // namespace ebb
