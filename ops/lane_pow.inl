// The functions of lane_pow.hpp without their namespace; see lane_math.inl.

/// An unevaluated sum of two values, for extended precision.
template <class L> struct Long {
  L high, low;
};

/// log(2^k (1 + f)) to about a hundredth of an ulp.
template <class L> EBB_INLINE Long<L> long_log(L k, L f) {
  const L d = f + L(2), d_low = f - (d - L(2));
  const L s = f / d, z = s * s;
  const auto sd = two_product(s, d);
  const L s_low = (((f - sd.high) - sd.low) - s * d_low) / d;
  const L series = fma(s * z, polynomial(z, Table<L>::log), L(2) * s_low);
  const L a = k * L(Table<L>::ln2[0]), b = L(2) * s;
  const L sum = a + b, lost = (a - (sum - (sum - a))) + (b - (sum - a));
  const L low = fma(k, L(Table<L>::ln2[1]), lost + series);
  const L high = sum + low;
  return {high, low - (high - sum)};
}

/// exp(x.high + x.low)
template <class L> EBB_INLINE L exp_of_long(Long<L> x) {
  const double top = is_double<L> ? 710 : 89, bottom = is_double<L> ? -746 : -104;
  const auto inside = x.high<L(top), above = x.high> L(bottom);
  const L low = where(inside & above, x.low, L(0));  // an infinite product has no low part
  const auto [k, r] = by_ln2(greater(L(bottom), lesser(L(top), x.high)));
  const L half = nearest(k * L(.5));
  return (small_expm1(r + low) + L(1)) * two_to(half) * two_to(k - half);
}

/// Like C's pow: x^0 = 1 and 1^y = 1 even for NaN; a negative x needs an integer y.
///
/// Numerics  the logarithm is computed in extended precision, since a large y magnifies its error; about 2 ulp
template <class L> EBB_INLINE L pow(L x, L y) {
  const L a = abs(x), inf = L(__builtin_huge_val()), zero = L(0), one = L(1);
  const auto [k, f] = split(a);
  const Long<L> l = long_log(k, f);
  const auto p = two_product(y, l.high);
  L m = exp_of_long(Long<L>{p.high, fma(y, l.low, p.low)});
  m = where(equal(a, zero), where(y > zero, zero, inf), m);
  m = where(equal(a, inf), where(y > zero, inf, zero), m);
  m = where(equal(y, y), m, y);
  m = where(equal(a, one), where(equal(y, y), one, where(x > zero, one, y)), m);

  const double all_integers = is_double<L> ? 0x1p51 : 0x1p22;  // a larger y is treated as an even integer
  const auto large = abs(y) >= L(all_integers);
  const auto integer = large | equal(nearest(y), y);
  const L power_of_sign = where(odd(y) & !large & integer, -m, m);
  const auto negative = with_sign_of(one, x) < zero;
  L r = where(negative, where(integer | equal(a, zero) | equal(a, inf), power_of_sign, L(__builtin_nan(""))), m);
  r = where(equal(x, x), r, x);
  return where(equal(y, zero), one, r);
}
