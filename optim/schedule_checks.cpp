#include <fmt/format.h>
#include <cmath>
#include <ebb/ops/error.hpp>
#include <ebb/optim/schedule_checks.hpp>

namespace ebb::detail {

namespace {
constexpr double pi = 3.14159265358979323846;
}

double checked(const char* schedule, const char* what, double x) {
  if (std::isfinite(x) && x >= 0) return x;
  throw ValueError(fmt::format("{}: {} must be finite and not negative, but is {}", schedule, what, x));
}

double updates_of(const char* schedule, std::int64_t n) {
  if (n >= 1) return static_cast<double>(n);
  throw ValueError(fmt::format("{}: the number of updates must be at least 1, but is {}", schedule, n));
}

double along_cosine(double a, double b, double done) { return b + (a - b) * (1 + std::cos(pi * done)) / 2; }

}  // namespace ebb::detail
