#pragma once
#include <ebb/ops/lane_coefficients.hpp>

/// Maths functions over any lane type L. No branch depends on the values, so an element's result does not depend on its
/// neighbours in the register. L provides, for argument-dependent lookup:
///
///     + - * / (and unary -)  < <= > >=  equal  not_equal  where(mask, a, b)  fma(a, b, c)  abs(x)  sqrt(x)  with_sign_of(x, s)
///     lesser(a, b), greater(a, b)   b if either is NaN
///     nearest(x)                    the nearest integer, |x| < 2^22 (float) or 2^51 (double)
///     two_to(n)                     2^n for an integer n in the normal range
///     exponent(x), mantissa(x)      x = mantissa 2^exponent, mantissa in [1, 2), for positive normal x
///     odd(n)                        whether the integer n is odd, in the range of nearest
///     two_product(a, b)             high and low, whose sum is exactly a b
///     each(y, x, bad, f)            y, with f(x) in the lanes where `bad` is true
namespace ebb::lanes {

#define EBB_INLINE inline
#include <ebb/ops/lane_math.inl>
#undef EBB_INLINE

}  // namespace ebb::lanes
