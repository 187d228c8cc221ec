// The functions of lane_math.hpp without their namespace: fuse compiles them once per instruction set in the user's
// file, in namespaces of its own. No standard headers, which would slow down compiling that file.

/// c[0] + c[1] x + ..., by Horner's rule.
template <class L, class T, int n> EBB_INLINE L polynomial(L x, const T (&c)[n]) {
  L sum = L(c[n - 1]);
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 32  // -O2 does not unroll the loop
#endif
  for (int k = n - 2; k >= 0; --k) sum = fma(sum, x, L(c[k]));
  return sum;
}

template <class L> inline constexpr bool is_double = sizeof(typename L::Number) == 8;
template <class L> using Table = ::ebb::lanes::Coefficients<typename L::Number>;

template <class L> struct Reduced {
  L k, rest;
};

/// The integer nearest to a b.
template <class L> EBB_INLINE L nearest_product(L a, L b) {
  const L shifter(is_double<L> ? 0x1.8p52 : 0x1.8p23);  // moves the integer to the lowest bits
  return fma(a, b, shifter) - shifter;
}

/// x = k ln2 + rest, |rest| <= ln2 / 2.
template <class L> EBB_INLINE Reduced<L> by_ln2(L x) {
  const L k = nearest_product(x, L(1.4426950408889634));
  const L r = fma(k, L(-Table<L>::ln2[0]), x);
  return {k, fma(k, L(-Table<L>::ln2[1]), r)};
}

/// e^r - 1 for |r| <= ln2 / 2.
template <class L> EBB_INLINE L small_expm1(L r) { return fma(r * r, polynomial(r, Table<L>::exp), r); }

/// Numerics  about 1 ulp; subnormal results are rounded, not flushed; inf on overflow, 0 on underflow
template <class L> EBB_INLINE L exp(L x) {
  const double top = is_double<L> ? 710 : 89, bottom = is_double<L> ? -746 : -104;
  const auto [k, r] = by_ln2(greater(L(bottom), lesser(L(top), x)));
  const L half = nearest(k * L(.5));  // 2^k in two factors: k itself may be outside the normal range
  return (small_expm1(r) + L(1)) * two_to(half) * two_to(k - half);
}

/// e^x - 1 without cancellation near zero.
template <class L> EBB_INLINE L expm1(L x) {
  const double top = is_double<L> ? 710 : 89, bottom = is_double<L> ? -40 : -20;
  const auto [k, r] = by_ln2(greater(L(bottom), lesser(L(top), x)));
  const L half = nearest(k * L(.5)), rest = k - half;
  return fma(small_expm1(r), two_to(half), two_to(half) - two_to(-rest)) * two_to(rest);
}

/// e^x for -60 <= x <= 0 and its difference from one: a single power of two suffices.
template <class L> EBB_INLINE L expm1_below_zero(L x) {
  const auto [k, r] = by_ln2(greater(L(-60), x));
  const L p = two_to(k);
  return fma(small_expm1(r), p, p - L(1));
}

/// Numerics  (e - 1) / (e + 1) with e = e^-2|x| = 2^k (1 + q): no cancellation for small x, and since 2^k - 1 and 2^k +
///           1 are exact, numerator and denominator are rounded once; below 2 ulp (float), about 2 (double)
template <class L> EBB_INLINE L tanh(L x) {
  const auto [k, r] = by_ln2(greater(L(-40), abs(x) * L(-2)));
  const L q = small_expm1(r), p = two_to(k);
  return with_sign_of(fma(q, p, p - L(1)) / fma(q, p, p + L(1)), x);
}

/// Numerics  1 / (1 + 2^k + 2^k q), compensated where 1 + 2^k is not exact; below 1.8 ulp; subnormal results are 0
template <class L> EBB_INLINE L sigmoid(L x) {
  const double least = is_double<L> ? -708.4 : -87.34;
  const auto [k, r] = by_ln2(lesser(L(-least), greater(L(-60), -x)));
  const L p = two_to(k), sum = p + L(1), lost = L(1) - (sum - p);
  const L y = L(1) / (sum + fma(small_expm1(r), p, lost));
  return where(x < L(least), L(0), y);
}

template <class L> struct Parts {
  L k, f;  // x = 2^k (1 + f), 1 + f in [sqrt(1/2), sqrt(2))
};
template <class L> EBB_INLINE Parts<L> split(L x) {
  const double tiny = is_double<L> ? 0x1p-1022 : 0x1p-126, lift = is_double<L> ? 54 : 25;
  const auto small = x < L(tiny);
  const L lifted = where(small, x * L(is_double<L> ? 0x1p54 : 0x1p25), x);
  const L m = mantissa(lifted), k = exponent(lifted) - where(small, L(lift), L(0));
  const auto high = m > L(1.4142135623730951);
  return {where(high, k + L(1), k), where(high, m * L(.5), m) - L(1)};
}

/// log(2^k (1 + f)) + correction
template <class L> EBB_INLINE L log_of_parts(L k, L f, L correction) {
  const L s = f / (f + L(2)), z = s * s, half_square = L(.5) * f * f;
  const L tail = fma(s, half_square + z * polynomial(z, Table<L>::log), fma(k, L(Table<L>::ln2[1]), correction));
  return fma(k, L(Table<L>::ln2[0]), f - (half_square - tail));
}

/// Numerics  below 1 ulp; -inf at zero, NaN below it
template <class L> EBB_INLINE L log(L x) {
  const auto [k, f] = split(x);
  const L y = where(equal(x, L(0)), L(-__builtin_huge_val()), log_of_parts(k, f, L(0)));
  return where(x < L(0), L(__builtin_nan("")),
               where(x < L(__builtin_huge_val()), y, x));  // inf and NaN are returned as they are
}

/// log(1 + x) without cancellation near zero.
template <class L> EBB_INLINE L log1p(L x) {
  const L u = L(1) + x;
  const auto [k, f] = split(u);
  // First-order correction for the rounding of 1 + x.
  const L lost = where(x < L(1), x - (u - L(1)), L(1) - (u - x)) / u;
  const L y = where(equal(u, L(1)), x, log_of_parts(k, f, lost));
  const L at_pole = where(equal(x, L(-1)), L(-__builtin_huge_val()), y);
  return where(x < L(-1), L(__builtin_nan("")), where(x < L(__builtin_huge_val()), at_pole, x));
}

/// Numerics  below 4 ulp
template <class L> EBB_INLINE L erf(L x) {
  const L a = abs(x), z = x * x;
  const L near = fma(x, polynomial(z, Table<L>::erf), x);
  const L u = lesser(L(is_double<L> ? 5 : 3), a - L(1));
  const L far = -expm1_below_zero(polynomial(u, Table<L>::erfc));
  return where(a < L(1), near, with_sign_of(far, x));
}

/// sin(x + quarter pi/2)
template <class L> EBB_INLINE L sine(L x, int quarter, double (*exact)(double)) {
  const L k = nearest(x * L(0.6366197723675814));
  L r = x;
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 8
#endif
  for (auto part : Table<L>::half_pi) r = fma(k, L(-part), r);
  const L n = k + L(quarter), z = r * r;
  const L s = fma(r * z, polynomial(z, Table<L>::sin), r);
  const L c = fma(z * z, polynomial(z, Table<L>::cos), fma(z, L(-.5), L(1)));
  const L y = where(odd(n), c, s), half = (n - where(odd(n), L(1), L(0))) * L(.5);
  const L signed_y = where(odd(half), -y, y);
  // Beyond this the products with k are not exact: such elements use the C library.
  const double limit = is_double<L> ? 1e6 : 2e4;
  return each(signed_y, x, abs(x) > L(limit), exact);
}
template <class L> EBB_INLINE L sin(L x) {
  return sine(x, 0, [](double v) { return __builtin_sin(v); });
}
template <class L> EBB_INLINE L cos(L x) {
  return sine(x, 1, [](double v) { return __builtin_cos(v); });
}
