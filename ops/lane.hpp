#pragma once

// Included by kernel files only, each compiled for one instruction set. xsimd gets a separate namespace per instruction
// set, and everything else here has internal linkage. Otherwise the linker could keep the copy of an inline function
// that an older processor cannot run.
#if defined(__AVX512F__)
#define xsimd ebb_xsimd_avx512
#elif defined(__AVX2__)
#define xsimd ebb_xsimd_avx2
#else
#define xsimd ebb_xsimd_base
#endif
#include <cstdint>
#include <ebb/ops/lane_math.hpp>
#include <ebb/ops/lane_pow.hpp>
#include <type_traits>
#include <xsimd/xsimd.hpp>

// g++ 12 warns of an uninitialised variable inside its own AVX-512 intrinsics (PR 105593).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

namespace ebb {
namespace {

using Arch = xsimd::default_arch;

/// Replaces std::min, which the linker would share between instruction sets.
template <class I> constexpr I smaller(I a, I b) { return b < a ? b : a; }

/// The result of a lane-wise comparison.
template <class T> struct Mask {
  xsimd::batch_bool<T, Arch> m;
  friend Mask operator&(Mask a, Mask b) { return {a.m & b.m}; }
  friend Mask operator|(Mask a, Mask b) { return {a.m | b.m}; }
  friend Mask operator!(Mask a) { return {~a.m}; }
};

/// A SIMD register; kernels instantiate the generic lambdas of pointwise_list.hpp with it.
template <class T> struct Lane {
  using Number = T;
  using Batch = xsimd::batch<T, Arch>;
  using Bits = xsimd::batch<std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>, Arch>;
  static constexpr int width = static_cast<int>(Batch::size);

  Batch v;
  Lane() = default;
  explicit Lane(Batch b) : v(b) {}
  Lane(double x) : v(static_cast<T>(x)) {}  // implicit, so that `1 - y` compiles

  static Lane all(T x) { return Lane(Batch(x)); }
  static Lane load(const T* p) { return Lane(Batch::load_unaligned(p)); }
  void store(T* p) const { v.store_unaligned(p); }
  static Lane load_part(const T* p, int n);  // the first n, 0 < n < width; the rest is zero and not read
  void store_part(T* p, int n) const;

  friend Lane operator+(Lane a, Lane b) { return Lane(a.v + b.v); }
  friend Lane operator-(Lane a, Lane b) { return Lane(a.v - b.v); }
  friend Lane operator*(Lane a, Lane b) { return Lane(a.v * b.v); }
  friend Lane operator/(Lane a, Lane b) { return Lane(a.v / b.v); }
  friend Lane operator-(Lane a) { return Lane(xsimd::bitwise_xor(a.v, Batch(static_cast<T>(-0.0)))); }
  friend Mask<T> operator<(Lane a, Lane b) { return {a.v < b.v}; }
  friend Mask<T> operator<=(Lane a, Lane b) { return {a.v <= b.v}; }
  friend Mask<T> operator>(Lane a, Lane b) { return {a.v > b.v}; }
  friend Mask<T> operator>=(Lane a, Lane b) { return {a.v >= b.v}; }
  friend Mask<T> equal(Lane a, Lane b) { return {a.v == b.v}; }
  friend Mask<T> not_equal(Lane a, Lane b) { return {~(a.v == b.v)}; }  // xsimd's != is false on NaN
  friend Lane where(Mask<T> m, Lane a, Lane b) { return Lane(xsimd::select(m.m, a.v, b.v)); }
  friend Lane like(Lane, double x) { return Lane(x); }
};

#include "lane_registers.inl"

template <class T> typename Lane<T>::Bits bits(Lane<T> x) { return xsimd::bitwise_cast<typename Lane<T>::Bits>(x.v); }
template <class T> Lane<T> from_bits(typename Lane<T>::Bits b) {
  return Lane<T>(xsimd::bitwise_cast<typename Lane<T>::Batch>(b));
}

template <class T> struct Format;  // mantissa bits and exponent bias of T
template <> struct Format<float> {
  static constexpr int mantissa = 23, bias = 127;
};
template <> struct Format<double> {
  static constexpr int mantissa = 52, bias = 1023;
};
/// Adding it to a small integer leaves that integer in the lowest bits.
template <class T> inline constexpr double shifter = 1.5 * static_cast<double>(std::uint64_t{1} << Format<T>::mantissa);

template <class T> Lane<T> abs(Lane<T> x) { return Lane<T>(xsimd::abs(x.v)); }
template <class T> Lane<T> sqrt(Lane<T> x) { return Lane<T>(xsimd::sqrt(x.v)); }
template <class T> Lane<T> with_sign_of(Lane<T> x, Lane<T> s) {
  const typename Lane<T>::Batch sign(static_cast<T>(-0.0));
  return Lane<T>((s.v & sign) | xsimd::abs(x.v));
}
template <class T> Lane<T> lesser(Lane<T> a, Lane<T> b) { return Lane<T>(xsimd::min(a.v, b.v)); }
template <class T> Lane<T> greater(Lane<T> a, Lane<T> b) { return Lane<T>(xsimd::max(a.v, b.v)); }
template <class T> Lane<T> nearest(Lane<T> x) { return (x + Lane<T>(shifter<T>)) - Lane<T>(shifter<T>); }
template <class T> Lane<T> two_to(Lane<T> n) {
  return from_bits<T>(bits(n + Lane<T>(shifter<T> + Format<T>::bias)) << Format<T>::mantissa);
}
template <class T> Lane<T> exponent(Lane<T> x) {
  const double magic = static_cast<double>(std::uint64_t{1} << Format<T>::mantissa);
  const auto biased = (bits(x) >> Format<T>::mantissa) | bits(Lane<T>(magic));
  return from_bits<T>(biased) - Lane<T>(magic + Format<T>::bias);
}
template <class T> Lane<T> mantissa(Lane<T> x) {
  using Bits = typename Lane<T>::Bits;
  const Bits fraction((typename Bits::value_type{1} << Format<T>::mantissa) - 1);
  return from_bits<T>((bits(x) & fraction) | bits(Lane<T>(1)));
}
template <class T> Mask<T> odd(Lane<T> n) {
  const auto lowest = bits(n + Lane<T>(shifter<T>)) << static_cast<int>(8 * sizeof(T) - 1);
  return from_bits<T>(lowest | bits(Lane<T>(1))) < Lane<T>(0);
}
template <class T> Lane<T> each(Lane<T> y, Lane<T> x, Mask<T> bad, double (*f)(double)) {
  if (!xsimd::any(bad.m)) [[likely]]
    return y;
  T in[Lane<T>::width], out[Lane<T>::width], chosen[Lane<T>::width];
  x.store(in);
  y.store(out);
  where(bad, Lane<T>(1), Lane<T>(0)).store(chosen);
  for (int k = 0; k < Lane<T>::width; ++k)
    if (chosen[k] != 0) out[k] = static_cast<T>(f(static_cast<double>(in[k])));
  return Lane<T>::load(out);
}

/// NaN if either is, unlike the processor's instruction.
template <class T> Lane<T> min(Lane<T> a, Lane<T> b) { return where(not_equal(a, a), a, lesser(a, b)); }
template <class T> Lane<T> max(Lane<T> a, Lane<T> b) { return where(not_equal(a, a), a, greater(a, b)); }

template <class T> Lane<T> exp(Lane<T> x) { return lanes::exp(x); }
template <class T> Lane<T> expm1(Lane<T> x) { return lanes::expm1(x); }
template <class T> Lane<T> log(Lane<T> x) { return lanes::log(x); }
template <class T> Lane<T> log1p(Lane<T> x) { return lanes::log1p(x); }
template <class T> Lane<T> tanh(Lane<T> x) { return lanes::tanh(x); }
template <class T> Lane<T> sigmoid(Lane<T> x) { return lanes::sigmoid(x); }
template <class T> Lane<T> erf(Lane<T> x) { return lanes::erf(x); }
template <class T> Lane<T> sin(Lane<T> x) { return lanes::sin(x); }
template <class T> Lane<T> cos(Lane<T> x) { return lanes::cos(x); }
template <class T> Lane<T> pow(Lane<T> x, Lane<T> y) { return lanes::pow(x, y); }
template <class T> Lane<T> sign(Lane<T> x) {
  return where(x > Lane<T>(0), Lane<T>(1), where(x < Lane<T>(0), Lane<T>(-1), x));
}

}  // namespace
}  // namespace ebb
