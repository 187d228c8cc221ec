#pragma once
#include <ebb/ops/array.hpp>

/// Elementwise functions on numbers alone, with numpy broadcasting. The same names on Vars are in autograd.
namespace ebb {

Array operator+(const Array&, const Array&);
Array operator-(const Array&, const Array&);
Array operator*(const Array&, const Array&);
Array operator/(const Array&, const Array&);
Array operator-(const Array&);
Array operator*(const Array&, double);
Array operator*(double, const Array&);
Array operator+(const Array&, double);
Array operator-(const Array&, double);
Array operator-(double, const Array&);
Array operator/(const Array&, double);

Array exp(const Array&);
Array log(const Array&);
Array sqrt(const Array&);
Array pow(const Array&, const Array&);
Array abs(const Array&);
Array min(const Array&, const Array&);
Array max(const Array&, const Array&);
Array where(const Array& condition, const Array& yes, const Array& no);
Array clip(const Array&, double low, double high);
Array tanh(const Array&);
Array sigmoid(const Array&);
Array relu(const Array&);

/// target += x, shapes and element types equal; the kernel of gradient accumulation.
void add_into(Array& target, const Array& x);
/// target += scale * x
void add_scaled_into(Array& target, double scale, const Array& x);
/// target *= factor
void scale_in_place(Array& target, double factor);

/// No element is infinite or NaN.
bool all_finite(const Array&);

}  // namespace ebb
