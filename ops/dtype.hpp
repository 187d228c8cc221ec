#pragma once
#include <cstddef>
#include <cstdint>

namespace ebb {

/// Element type of an Array, chosen at run time: the same cell trains in f32 and is gradient-checked in f64.
enum class DType : std::uint8_t { f32, f64 };
inline constexpr DType f32 = DType::f32;
inline constexpr DType f64 = DType::f64;
/// Element type of an empty handle; every op rejects it.
inline constexpr DType no_type = static_cast<DType>(2);

constexpr std::size_t bytes_of(DType t) { return t == DType::f32 ? sizeof(float) : sizeof(double); }
constexpr const char* name_of(DType t) { return t == f32 ? "float32" : t == f64 ? "float64" : "nothing"; }

template <class T> inline constexpr DType dtype_of = DType::f32;
template <> inline constexpr DType dtype_of<double> = DType::f64;

/// Calls f with a zero of the C++ type of `t`: `with_dtype(a.dtype(), [&](auto zero) { using T = decltype(zero); ...
/// })`.
template <class F> decltype(auto) with_dtype(DType t, F&& f) { return t == DType::f32 ? f(float{}) : f(double{}); }

}  // namespace ebb
