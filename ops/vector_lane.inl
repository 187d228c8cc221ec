// A SIMD register on the compilers' vector types, for kernels compiled in a user's file. It provides what lane_math.hpp
// needs, as lane.hpp does with xsimd. Included once per instruction set, each time in its own namespace and under that
// set's target attribute, with EBB_LANE_BYTES the register's size in bytes: 64, 32 or 16. No standard or intrinsics
// headers, which would take longer to compile than the kernels.

#define EBB_INLINE [[gnu::always_inline]] inline

template <class T> struct Format;  // of T: its integer type, mantissa bits, exponent bias
template <> struct Format<float> {
  typedef float Numbers __attribute__((vector_size(EBB_LANE_BYTES), aligned(16)));
  typedef float Anywhere __attribute__((vector_size(EBB_LANE_BYTES), aligned(sizeof(float)), may_alias));
  typedef unsigned Bits __attribute__((vector_size(EBB_LANE_BYTES)));
  typedef int Truth __attribute__((vector_size(EBB_LANE_BYTES)));
  static constexpr int mantissa = 23, bias = 127;
};
template <> struct Format<double> {
  typedef double Numbers __attribute__((vector_size(EBB_LANE_BYTES), aligned(16)));
  typedef double Anywhere __attribute__((vector_size(EBB_LANE_BYTES), aligned(sizeof(double)), may_alias));
  typedef unsigned long long Bits __attribute__((vector_size(EBB_LANE_BYTES)));
  typedef long long Truth __attribute__((vector_size(EBB_LANE_BYTES)));
  static constexpr int mantissa = 52, bias = 1023;
};
/// Adding it to a small integer leaves that integer in the lowest bits.
template <class T> inline constexpr double shifter = 1.5 * static_cast<double>(1ULL << Format<T>::mantissa);

/// The result of a lane-wise comparison: all bits of a lane are set, or none.
template <class T> struct Mask {
  typename Format<T>::Truth m;
};

template <class T> struct Lane {
  using Number = T;
  using V = typename Format<T>::Numbers;

  V v;
  Lane() = default;
  EBB_INLINE explicit Lane(V x) : v(x) {}
  EBB_INLINE explicit Lane(double x) : v(static_cast<T>(x) - V{}) {}

  // Not memcpy, which g++ 12 splits into halves for AVX2.
  EBB_INLINE static Lane load(const void* p) { return Lane(*static_cast<const typename Format<T>::Anywhere*>(p)); }
  EBB_INLINE void store(void* p) const { *static_cast<typename Format<T>::Anywhere*>(p) = v; }
};

// Not friends: the compiler would look for operators in every enclosing namespace.
template <class T> EBB_INLINE Mask<T> operator&(Mask<T> a, Mask<T> b) { return {a.m & b.m}; }
template <class T> EBB_INLINE Mask<T> operator|(Mask<T> a, Mask<T> b) { return {a.m | b.m}; }
template <class T> EBB_INLINE Mask<T> operator!(Mask<T> a) { return {~a.m}; }
template <class T> EBB_INLINE Lane<T> operator+(Lane<T> a, Lane<T> b) { return Lane<T>(a.v + b.v); }
template <class T> EBB_INLINE Lane<T> operator-(Lane<T> a, Lane<T> b) { return Lane<T>(a.v - b.v); }
template <class T> EBB_INLINE Lane<T> operator*(Lane<T> a, Lane<T> b) { return Lane<T>(a.v * b.v); }
template <class T> EBB_INLINE Lane<T> operator/(Lane<T> a, Lane<T> b) { return Lane<T>(a.v / b.v); }
template <class T> EBB_INLINE Lane<T> operator-(Lane<T> a) { return Lane<T>(-a.v); }
template <class T> EBB_INLINE Mask<T> operator<(Lane<T> a, Lane<T> b) { return {a.v < b.v}; }
template <class T> EBB_INLINE Mask<T> operator<=(Lane<T> a, Lane<T> b) { return {a.v <= b.v}; }
template <class T> EBB_INLINE Mask<T> operator>(Lane<T> a, Lane<T> b) { return {a.v > b.v}; }
template <class T> EBB_INLINE Mask<T> operator>=(Lane<T> a, Lane<T> b) { return {a.v >= b.v}; }
template <class T> EBB_INLINE Mask<T> equal(Lane<T> a, Lane<T> b) { return {a.v == b.v}; }
template <class T> EBB_INLINE Mask<T> not_equal(Lane<T> a, Lane<T> b) { return {a.v != b.v}; }
template <class T> EBB_INLINE Lane<T> where(Mask<T> m, Lane<T> a, Lane<T> b) { return Lane<T>(m.m ? a.v : b.v); }

template <class T> EBB_INLINE typename Format<T>::Bits bits(Lane<T> x) { return (typename Format<T>::Bits)x.v; }
template <class T> EBB_INLINE Lane<T> from_bits(typename Format<T>::Bits b) {
  return Lane<T>((typename Format<T>::Numbers)b);
}

// Operations without a vector operator: a b + c with one rounding, square root, and minimum as one instruction (a
// vector conditional becomes one only sometimes).
#if EBB_LANE_BYTES >= 32
inline constexpr bool has_fma = true;
#else
inline constexpr bool has_fma = false;
#endif

#if EBB_LANE_BYTES == 64
#if defined(__clang__)
#define EBB_FMA(suffix, mask) __builtin_ia32_vfmadd##suffix##512_mask(a.v, b.v, c.v, mask, 4)
#define EBB_SQRT(suffix, mask) __builtin_ia32_sqrt##suffix##512(x.v, 4)
#define EBB_MIN_MAX(which, suffix, mask) __builtin_ia32_##which##suffix##512(a.v, b.v, 4)
#else
#define EBB_FMA(suffix, mask) __builtin_ia32_vfmadd##suffix##512_mask(a.v, b.v, c.v, mask, 4)
#define EBB_SQRT(suffix, mask) __builtin_ia32_sqrt##suffix##512_mask(x.v, x.v, mask, 4)
#define EBB_MIN_MAX(which, suffix, mask) __builtin_ia32_##which##suffix##512_mask(a.v, b.v, a.v, mask, 4)
#endif
#else
#if EBB_LANE_BYTES == 32
#if defined(__clang__)
#define EBB_FMA(suffix, mask) contracted(a.v, b.v, c.v)
#else
#define EBB_FMA(suffix, mask) __builtin_ia32_vfmadd##suffix##256(a.v, b.v, c.v)
#endif
#define EBB_SQRT(suffix, mask) __builtin_ia32_sqrt##suffix##256(x.v)
#define EBB_MIN_MAX(which, suffix, mask) __builtin_ia32_##which##suffix##256(a.v, b.v)
#elif defined(__SSE2__)
#define EBB_MIN_MAX(which, suffix, mask) __builtin_ia32_##which##suffix(a.v, b.v)
#if !defined(__clang__)
#define EBB_SQRT(suffix, mask) __builtin_ia32_sqrt##suffix(x.v)
#endif
#endif
#endif

#if defined(__clang__) && EBB_LANE_BYTES == 32
template <class V> EBB_INLINE V contracted(V a, V b, V c) {
#pragma clang fp contract(fast)
  return a * b + c;
}
#endif

#if defined(EBB_FMA)
EBB_INLINE Lane<float> fma(Lane<float> a, Lane<float> b, Lane<float> c) {
  return Lane<float>(EBB_FMA(ps, static_cast<unsigned short>(-1)));
}
EBB_INLINE Lane<double> fma(Lane<double> a, Lane<double> b, Lane<double> c) {
  return Lane<double>(EBB_FMA(pd, static_cast<unsigned char>(-1)));
}
#else
template <class T> EBB_INLINE Lane<T> fma(Lane<T> a, Lane<T> b, Lane<T> c) { return a * b + c; }
#endif

#if defined(EBB_SQRT)
EBB_INLINE Lane<float> sqrt(Lane<float> x) { return Lane<float>(EBB_SQRT(ps, static_cast<unsigned short>(-1))); }
EBB_INLINE Lane<double> sqrt(Lane<double> x) { return Lane<double>(EBB_SQRT(pd, static_cast<unsigned char>(-1))); }
#else
template <class T> EBB_INLINE Lane<T> sqrt(Lane<T> x) {
  for (int k = 0; k < static_cast<int>(EBB_LANE_BYTES / sizeof(T)); ++k)
    x.v[k] = static_cast<T>(__builtin_sqrt(static_cast<double>(x.v[k])));
  return x;
}
#endif

#if defined(EBB_MIN_MAX)
EBB_INLINE Lane<float> lesser(Lane<float> a, Lane<float> b) {
  return Lane<float>(EBB_MIN_MAX(min, ps, static_cast<unsigned short>(-1)));
}
EBB_INLINE Lane<double> lesser(Lane<double> a, Lane<double> b) {
  return Lane<double>(EBB_MIN_MAX(min, pd, static_cast<unsigned char>(-1)));
}
EBB_INLINE Lane<float> greater(Lane<float> a, Lane<float> b) {
  return Lane<float>(EBB_MIN_MAX(max, ps, static_cast<unsigned short>(-1)));
}
EBB_INLINE Lane<double> greater(Lane<double> a, Lane<double> b) {
  return Lane<double>(EBB_MIN_MAX(max, pd, static_cast<unsigned char>(-1)));
}
#else
template <class T> EBB_INLINE Lane<T> lesser(Lane<T> a, Lane<T> b) { return Lane<T>(a.v < b.v ? a.v : b.v); }
template <class T> EBB_INLINE Lane<T> greater(Lane<T> a, Lane<T> b) { return Lane<T>(a.v > b.v ? a.v : b.v); }
#endif
#undef EBB_FMA
#undef EBB_SQRT
#undef EBB_MIN_MAX

template <class T> EBB_INLINE Lane<T> abs(Lane<T> x) { return from_bits<T>(bits(x) & ~bits(Lane<T>(-0.0))); }
template <class T> EBB_INLINE Lane<T> with_sign_of(Lane<T> x, Lane<T> s) {
  const auto sign = bits(Lane<T>(-0.0));
  return from_bits<T>((bits(x) & ~sign) | (bits(s) & sign));
}
template <class T> EBB_INLINE Lane<T> nearest(Lane<T> x) { return (x + Lane<T>(shifter<T>)) - Lane<T>(shifter<T>); }
template <class T> EBB_INLINE Lane<T> two_to(Lane<T> n) {
  return from_bits<T>(bits(n + Lane<T>(shifter<T> + Format<T>::bias)) << Format<T>::mantissa);
}
template <class T> EBB_INLINE Lane<T> exponent(Lane<T> x) {
  const double magic = static_cast<double>(1ULL << Format<T>::mantissa);
  return from_bits<T>((bits(x) >> Format<T>::mantissa) | bits(Lane<T>(magic))) - Lane<T>(magic + Format<T>::bias);
}
template <class T> EBB_INLINE Lane<T> mantissa(Lane<T> x) {
  const auto one = bits(Lane<T>(1)), infinity = bits(Lane<T>(__builtin_huge_val()));
  return from_bits<T>((bits(x) & ~(infinity | bits(Lane<T>(-0.0)))) | one);
}
template <class T> EBB_INLINE Mask<T> odd(Lane<T> n) {
  const auto lowest = bits(n + Lane<T>(shifter<T>)) << static_cast<int>(8 * sizeof(T) - 1);
  return from_bits<T>(lowest | bits(Lane<T>(1))) < Lane<T>(0);
}
template <class T> EBB_INLINE bool any(Mask<T> mask) {
  unsigned long long words[EBB_LANE_BYTES / 8], all = 0;
  __builtin_memcpy(words, &mask.m, sizeof words);
  for (auto w : words) all |= w;
  return all != 0;
}
template <class T> EBB_INLINE Lane<T> each(Lane<T> y, Lane<T> x, Mask<T> bad, double (*f)(double)) {
  if (!any(bad)) [[likely]]
    return y;
  for (int k = 0; k < static_cast<int>(EBB_LANE_BYTES / sizeof(T)); ++k)
    if (bad.m[k]) y.v[k] = static_cast<T>(f(static_cast<double>(x.v[k])));
  return y;
}

/// a b = high + low exactly.
template <class T> struct Product {
  Lane<T> high, low;
};
template <class T> EBB_INLINE Product<T> two_product(Lane<T> a, Lane<T> b) {
  const Lane<T> p = a * b;
  if constexpr (has_fma) {
    return {p, fma(a, b, -p)};
  } else {
    const Lane<T> splitter(sizeof(T) == 4 ? 0x1p12 + 1 : 0x1p27 + 1);  // Dekker
    const Lane<T> ah = splitter * a - (splitter * a - a), al = a - ah;
    const Lane<T> bh = splitter * b - (splitter * b - b), bl = b - bh;
    return {p, ((ah * bh - p) + ah * bl + al * bh) + al * bl};
  }
}

/// NaN if either is.
template <class T> EBB_INLINE Lane<T> min(Lane<T> a, Lane<T> b) { return where(not_equal(a, a), a, lesser(a, b)); }
template <class T> EBB_INLINE Lane<T> max(Lane<T> a, Lane<T> b) { return where(not_equal(a, a), a, greater(a, b)); }

#include <ebb/ops/lane_math.inl>
// lane_pow.inl uses lane_math.inl
#include <ebb/ops/lane_pow.inl>

#undef EBB_INLINE
