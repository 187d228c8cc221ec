// Operations that xsimd 8.1 lacks or does not fuse, by instruction set. Included by lane.hpp, inside its namespace.

#if defined(__AVX512F__)

inline constexpr bool fused = true;
inline Lane<float> fma(Lane<float> a, Lane<float> b, Lane<float> c) {
  return Lane<float>(Lane<float>::Batch(_mm512_fmadd_ps(a.v, b.v, c.v)));
}
inline Lane<double> fma(Lane<double> a, Lane<double> b, Lane<double> c) {
  return Lane<double>(Lane<double>::Batch(_mm512_fmadd_pd(a.v, b.v, c.v)));
}
template <> inline Lane<float> Lane<float>::load_part(const float* p, int n) {
  return Lane(Batch(_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1), p)));
}
template <> inline Lane<double> Lane<double>::load_part(const double* p, int n) {
  return Lane(Batch(_mm512_maskz_loadu_pd(static_cast<__mmask8>((1u << n) - 1), p)));
}
template <> inline void Lane<float>::store_part(float* p, int n) const {
  _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << n) - 1), v);
}
template <> inline void Lane<double>::store_part(double* p, int n) const {
  _mm512_mask_storeu_pd(p, static_cast<__mmask8>((1u << n) - 1), v);
}

#elif defined(__AVX2__)

inline constexpr bool fused = true;
inline Lane<float> fma(Lane<float> a, Lane<float> b, Lane<float> c) {
  return Lane<float>(Lane<float>::Batch(_mm256_fmadd_ps(a.v, b.v, c.v)));
}
inline Lane<double> fma(Lane<double> a, Lane<double> b, Lane<double> c) {
  return Lane<double>(Lane<double>::Batch(_mm256_fmadd_pd(a.v, b.v, c.v)));
}
// A window of `width` entries starting at width - n selects n lanes.
inline constexpr std::int32_t window32[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
inline constexpr std::int64_t window64[8] = {-1, -1, -1, -1};
inline __m256i first_of_8(int n) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(window32 + 8 - n)); }
inline __m256i first_of_4(int n) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(window64 + 4 - n)); }
template <> inline Lane<float> Lane<float>::load_part(const float* p, int n) {
  return Lane(Batch(_mm256_maskload_ps(p, first_of_8(n))));
}
template <> inline Lane<double> Lane<double>::load_part(const double* p, int n) {
  return Lane(Batch(_mm256_maskload_pd(p, first_of_4(n))));
}
template <> inline void Lane<float>::store_part(float* p, int n) const { _mm256_maskstore_ps(p, first_of_8(n), v); }
template <> inline void Lane<double>::store_part(double* p, int n) const { _mm256_maskstore_pd(p, first_of_4(n), v); }

#else

inline constexpr bool fused = false;
template <class T> Lane<T> fma(Lane<T> a, Lane<T> b, Lane<T> c) { return a * b + c; }
template <class T> Lane<T> Lane<T>::load_part(const T* p, int n) {
  T padded[width] = {};
  for (int k = 0; k < n; ++k) padded[k] = p[k];
  return load(padded);
}
template <class T> void Lane<T>::store_part(T* p, int n) const {
  T padded[width];
  store(padded);
  for (int k = 0; k < n; ++k) p[k] = padded[k];
}

#endif

/// a b = high + low exactly.
template <class T> struct Product {
  Lane<T> high, low;
};
template <class T> Product<T> two_product(Lane<T> a, Lane<T> b) {
  const Lane<T> p = a * b;
  if constexpr (fused) return {p, fma(a, b, -p)};
  const Lane<T> splitter = sizeof(T) == 4 ? 0x1p12 + 1 : 0x1p27 + 1;  // Dekker
  const Lane<T> ah = splitter * a - (splitter * a - a), al = a - ah;
  const Lane<T> bh = splitter * b - (splitter * b - b), bl = b - bh;
  return {p, ((ah * bh - p) + ah * bl + al * bh) + al * bl};
}
