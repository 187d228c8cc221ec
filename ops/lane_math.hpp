#pragma once
#include <ebb/ops/lane_coefficients.hpp>

/// Maths functions over any lane type L, written once. No branch depends on the values, so that an element's result
/// does not depend on its neighbours in the register. L brings, for argument-dependent lookup:
///
///     + - * / (and unary -)  < <= > >=  equal  not_equal  where(mask, a, b)  fma(a, b, c)  abs(x)  sqrt(x)  with_sign_of(x, s)
///     lesser(a, b), greater(a, b)   of two numbers, b if either is NaN
///     nearest(x)                    the nearest integer, |x| < 2^22 (float) or 2^51 (double)
///     two_to(n)                     2^n for an integer n of the normal range
///     exponent(x), mantissa(x)      x = mantissa 2^exponent, mantissa in [1, 2), for positive normal x
///     odd(n)                        whether the integer n is odd, range as for nearest
///     two_product(a, b)             high and low, whose sum is a b exactly
///     each(y, x, bad, f)            y, with f(x) for the single numbers where `bad` is true
namespace ebb::lanes {

#define EBB_INLINE inline
#include <ebb/ops/lane_math.inl>
#undef EBB_INLINE

}  // namespace ebb::lanes
