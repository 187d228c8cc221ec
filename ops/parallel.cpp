#include <omp.h>
#include <algorithm>
#include <atomic>
#include <ebb/ops/denormals.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/parallel.hpp>
#include <exception>

namespace ebb {
namespace {
std::atomic<int> chosen_count{0};
}

int threads() {
  const int n = chosen_count.load(std::memory_order_relaxed);
  return n > 0 ? n : omp_get_max_threads();
}

void set_threads(int n) {
  if (n < 1) throw ValueError("threads: " + std::to_string(n) + " is not a positive number");
  chosen_count.store(n, std::memory_order_relaxed);
}

void parallel_for(std::int64_t n, std::int64_t grain, void* context, void (*body)(void*, std::int64_t, std::int64_t)) {
  if (n <= 0) return;
  const std::int64_t pieces = std::min<std::int64_t>(threads(), n / std::max<std::int64_t>(grain, 1));
  if (pieces <= 1 || omp_in_parallel()) return body(context, 0, n);

  // An exception must not leave a parallel region; that of the first piece is rethrown after it.
  const int team = static_cast<int>(pieces);
  std::exception_ptr failure;
  int failed = team;
  const bool flush = FlushDenormals::on();
#pragma omp parallel for num_threads(team) schedule(static)
  for (int p = 0; p < team; ++p) {
    const FlushDenormals as_the_caller(flush);
    try {
      body(context, n * p / pieces, n * (p + 1) / pieces);
    } catch (...) {
#pragma omp critical(ebb_parallel_for)
      if (p < failed) {
        failed = p;
        failure = std::current_exception();
      }
    }
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace ebb
