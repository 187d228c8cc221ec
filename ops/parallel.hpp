#pragma once
#include <cstdint>

namespace ebb {

/// Runs body(begin, end) over [0, n) on OpenMP threads, in pieces of at least `grain`. Runs serially inside a parallel
/// region, for small n and with one thread. Pieces must write to separate results, so that the number of threads does
/// not change them.
void parallel_for(std::int64_t n, std::int64_t grain, void* context, void (*body)(void*, std::int64_t, std::int64_t));

template <class F> void parallel_for(std::int64_t n, std::int64_t grain, F&& body) {
  parallel_for(n, grain, &body, [](void* f, std::int64_t lo, std::int64_t hi) { (*static_cast<F*>(f))(lo, hi); });
}

/// Number of threads: OpenMP's (OMP_NUM_THREADS) unless set with set_threads.
int threads();
void set_threads(int n);

}  // namespace ebb
