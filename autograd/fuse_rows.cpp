#include <cstring>
#include <ebb/autograd/fuse_rows.hpp>
#include <ebb/ops/isa.hpp>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace ebb::detail {
namespace {

/// Copies less than a register; `bytes` is a multiple of four.
using CopyPart = void (*)(char* to, const char* from, int bytes);

void copy_words(char* to, const char* from, int bytes) {
  for (int k = 0; k < bytes; k += 4) std::memcpy(to + k, from + k, 4);
}

#if defined(__x86_64__)
[[gnu::target("avx512f,avx512bw")]] void copy_masked(char* to, const char* from, int bytes) {
  const __mmask64 first = (1ULL << bytes) - 1;
  _mm512_mask_storeu_epi8(to, first, _mm512_maskz_loadu_epi8(first, from));
}
/// Only for loads: AVX2's masked stores are slow on some processors.
[[gnu::target("avx2")]] void load_masked(char* to, const char* from, int bytes) {
  alignas(32) static constexpr int window[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
  const __m256i first = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(window + 8 - bytes / 4));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm256_maskload_epi32(reinterpret_cast<const int*>(from), first));
}
#endif

struct Registers {
  int bytes;
  CopyPart load, store;
};
Registers registers_of(Isa i) {
#if defined(__x86_64__)
  if (i == Isa::avx512) return {64, copy_masked, copy_masked};
  if (i == Isa::avx2) return {32, load_masked, copy_words};
#endif
  static_cast<void>(i);
  return {16, copy_words, copy_words};
}

constexpr int most_bytes = 64;

/// Row by row: first whole registers, then the tail in a temporary.
template <class T> struct Rows {
  const FuseRows& r;
  const Registers reg;
  FuseRow row;
  alignas(most_bytes) char spread[fuse_streams][most_bytes];
  alignas(most_bytes) char sums[fuse_streams][most_bytes];
  alignas(most_bytes) char in_tail[fuse_streams][most_bytes];
  alignas(most_bytes) char out_tail[fuse_streams][most_bytes];

  Rows(const FuseRows& rows, Registers registers) : r(rows), reg(registers) {}
  static char* place(const FuseStream& s, std::int64_t at) {
    return s.p + at * s.row * static_cast<std::int64_t>(sizeof(T));
  }

  void start(std::int64_t at) {
    for (int k = 0; k < r.ins; ++k) {
      row.in[k] = place(r.in[k], at);
      row.in_moves[k] = -r.in[k].step;
      if (r.in[k].step != 0) continue;
      for (int b = 0; b < reg.bytes; b += static_cast<int>(sizeof(T))) std::memcpy(spread[k] + b, row.in[k], sizeof(T));
      row.in[k] = spread[k];
    }
    for (int k = 0; k < r.outs; ++k) {
      row.out[k] = r.out[k].p ? place(r.out[k], at) : nullptr;
      row.out_moves[k] = -r.out[k].step;
      row.add[k] = r.out[k].add;
      if (!row.out[k] || r.out[k].step != 0) continue;
      std::memset(sums[k], 0, most_bytes);
      row.out[k] = sums[k];
      row.add[k] = r.sums;
    }
  }

  void tail(std::int64_t at, std::int64_t done, int bytes) {
    for (int k = 0; k < r.ins; ++k) {
      if (r.in[k].step == 0) continue;
      reg.load(in_tail[k], row.in[k] + done, bytes);
      row.in[k] = in_tail[k];
    }
    for (int k = 0; k < r.outs; ++k) {
      if (!row.out[k]) continue;
      if (row.add[k]) std::memset(out_tail[k], 0, most_bytes);
      row.out[k] = out_tail[k];
    }
    r.kernel(row, reg.bytes, r.live);
    // Sequentially, since two results may be accumulated at the same address.
    for (int k = 0; k < r.outs; ++k) {
      if (!row.out[k]) continue;
      if (r.out[k].step == 0) {
        if (row.add[k]) add(sums[k], out_tail[k], bytes);
        else std::memcpy(sums[k], out_tail[k], most_bytes);
        continue;
      }
      char* p = place(r.out[k], at) + done;
      if (row.add[k]) {
        alignas(most_bytes) char sum[most_bytes];
        reg.load(sum, p, bytes);
        add(sum, out_tail[k], bytes);
        reg.store(p, sum, bytes);
      } else {
        reg.store(p, out_tail[k], bytes);
      }
    }
  }
  static void add(char* sum, const char* x, int bytes) {
    T a[most_bytes / sizeof(T)], b[most_bytes / sizeof(T)];
    std::memcpy(a, sum, most_bytes);
    std::memcpy(b, x, most_bytes);
    for (std::size_t k = 0; k < static_cast<std::size_t>(bytes) / sizeof(T); ++k) a[k] += b[k];
    std::memcpy(sum, a, most_bytes);
  }

  void finish(std::int64_t at) const {
    for (int k = 0; k < r.outs; ++k) {
      if (!row.out[k] || r.out[k].step != 0) continue;
      T lane[most_bytes / sizeof(T)];
      std::memcpy(lane, sums[k], most_bytes);
      T total = lane[0];
      for (std::size_t i = 1; r.sums && i < static_cast<std::size_t>(reg.bytes) / sizeof(T); ++i) total += lane[i];
      T* p = reinterpret_cast<T*>(place(r.out[k], at));
      *p = r.out[k].add ? *p + total : total;
    }
  }

  void run() {
    const std::int64_t bytes = r.columns * static_cast<std::int64_t>(sizeof(T)), whole = bytes / reg.bytes * reg.bytes;
    for (int k = 0; whole < bytes && k < r.ins; ++k) std::memset(in_tail[k], 0, most_bytes);
    for (std::int64_t at = 0; at < r.rows; ++at) {
      start(at);
      if (whole > 0) r.kernel(row, whole, r.live);
      if (bytes > whole) tail(at, whole, static_cast<int>(bytes - whole));
      finish(at);
    }
  }
};

const Registers& registers_in_use() {
  static const Registers registers = registers_of(isa());
  return registers;
}

}  // namespace

int fuse_register() { return registers_in_use().bytes; }

void fuse_rows(const FuseRows& r) {
  const Registers& registers = registers_in_use();
  if (r.dtype == f32) Rows<float>(r, registers).run();
  else Rows<double>(r, registers).run();
}

}  // namespace ebb::detail
