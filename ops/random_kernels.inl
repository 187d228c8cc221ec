// Philox 4x32-10 for one instruction set, one block per 64-bit lane, of which every step uses the low 32 bits. Bitwise
// equal to Random123's scalar code. Included by random_<isa>.cpp.
#include <immintrin.h>
#include <cstdint>
#include <ebb/ops/kernels.hpp>

// See lane.hpp.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

namespace ebb {
namespace {

#if defined(__AVX512F__)
using Words = __m512i;
Words all(std::uint64_t x) { return _mm512_set1_epi64(static_cast<long long>(x)); }
Words from_0() { return _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0); }
Words add(Words a, Words b) { return _mm512_add_epi64(a, b); }
Words multiply(Words a, Words b) { return _mm512_mul_epu32(a, b); }
Words high(Words a) { return _mm512_srli_epi64(a, 32); }
Words joined(Words low, Words upper) { return _mm512_mask_shuffle_epi32(low, 0xaaaa, upper, _MM_PERM_CCAA); }
Words differ(Words a, Words b) { return _mm512_xor_si512(a, b); }
void store(Words a, std::uint64_t* p) { _mm512_storeu_si512(p, a); }
#elif defined(__AVX2__)
using Words = __m256i;
Words all(std::uint64_t x) { return _mm256_set1_epi64x(static_cast<long long>(x)); }
Words from_0() { return _mm256_set_epi64x(3, 2, 1, 0); }
Words add(Words a, Words b) { return _mm256_add_epi64(a, b); }
Words multiply(Words a, Words b) { return _mm256_mul_epu32(a, b); }
Words high(Words a) { return _mm256_srli_epi64(a, 32); }
Words joined(Words low, Words upper) { return _mm256_blend_epi32(low, _mm256_slli_epi64(upper, 32), 0xaa); }
Words differ(Words a, Words b) { return _mm256_xor_si256(a, b); }
void store(Words a, std::uint64_t* p) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), a); }
#else
using Words = __m128i;
Words all(std::uint64_t x) { return _mm_set1_epi64x(static_cast<long long>(x)); }
Words from_0() { return _mm_set_epi64x(1, 0); }
Words add(Words a, Words b) { return _mm_add_epi64(a, b); }
Words multiply(Words a, Words b) { return _mm_mul_epu32(a, b); }
Words high(Words a) { return _mm_srli_epi64(a, 32); }
Words joined(Words low, Words upper) {
  return _mm_or_si128(_mm_and_si128(low, all(0xffffffff)), _mm_slli_epi64(upper, 32));
}
Words differ(Words a, Words b) { return _mm_xor_si128(a, b); }
void store(Words a, std::uint64_t* p) { _mm_storeu_si128(reinterpret_cast<__m128i*>(p), a); }
#endif

constexpr int lanes = sizeof(Words) / 8;

/// The values of `lanes` blocks, starting at block `first`.
void philox(std::uint64_t seed, std::uint64_t stream, std::uint64_t first, std::uint64_t* even, std::uint64_t* odd) {
  const Words m0 = all(0xd2511f53), m1 = all(0xcd9e8d57), w0 = all(0x9e3779b9), w1 = all(0xbb67ae85);
  Words c0 = add(all(first), from_0()), c1 = high(c0), c2 = all(stream), c3 = high(c2);
  Words k0 = all(seed), k1 = high(k0);
  for (int round = 0; round < 10; ++round) {
    const Words p0 = multiply(c0, m0), p1 = multiply(c2, m1);
    c0 = differ(differ(high(p1), c1), k0);
    c2 = differ(differ(high(p0), c3), k1);
    c1 = p1;
    c3 = p0;
    k0 = add(k0, w0);
    k1 = add(k1, w1);
  }
  store(joined(c0, c1), even);
  store(joined(c2, c3), odd);
}

void blocks(std::uint64_t seed, std::uint64_t stream, std::uint64_t first, std::int64_t count, std::uint64_t* out) {
  std::uint64_t even[lanes], odd[lanes];
  for (std::int64_t i = 0; i < count; i += lanes) {
    philox(seed, stream, first + static_cast<std::uint64_t>(i), even, odd);
    const std::int64_t n = count - i < lanes ? count - i : lanes;
    for (std::int64_t k = 0; k < n; ++k) {
      out[2 * (i + k)] = even[k];
      out[2 * (i + k) + 1] = odd[k];
    }
  }
}

constexpr detail::RandomKernels all_random = {blocks};

}  // namespace
}  // namespace ebb
