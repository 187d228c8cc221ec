#include <algorithm>
#include <cmath>
#include <ebb/nn/archive.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/optim/schedule.hpp>
#include <fmt/format.h>
#include <limits>

namespace ebb {

namespace {

constexpr double pi = 3.14159265358979323846;

double checked(const char* schedule, const char* what, double x) {
  if (std::isfinite(x) && x >= 0) return x;
  throw ValueError(fmt::format("{}: {} must be finite and not negative, but is {}", schedule, what, x));
}
double updates_of(const char* schedule, std::int64_t n) {
  if (n >= 1) return static_cast<double>(n);
  throw ValueError(fmt::format("{}: the number of updates must be at least 1, but is {}", schedule, n));
}

/// From a to b as `done` goes from 0 to 1.
double along_cosine(double a, double b, double done) { return b + (a - b) * (1 + std::cos(pi * done)) / 2; }

}  // namespace

Schedule step_decay(double lr, double factor, std::int64_t every) {
  checked("step_decay", "the rate", lr), checked("step_decay", "the factor", factor), updates_of("step_decay", every);
  return [=](std::int64_t u) { return lr * std::pow(factor, static_cast<double>(u / every)); };
}

Schedule exponential_decay(double lr, double factor) {
  checked("exponential_decay", "the rate", lr), checked("exponential_decay", "the factor", factor);
  return [=](std::int64_t u) { return lr * std::pow(factor, static_cast<double>(u)); };
}

Schedule cosine_decay(double lr, std::int64_t updates, double least) {
  checked("cosine_decay", "the rate", lr), checked("cosine_decay", "the least rate", least);
  const double n = updates_of("cosine_decay", updates);
  return [=](std::int64_t u) { return along_cosine(lr, least, std::min(1., static_cast<double>(u) / n)); };
}

Schedule warm_up(std::int64_t updates, Schedule then) {
  const double n = updates_of("warm_up", updates);
  return [=](std::int64_t u) { return u < updates ? static_cast<double>(u + 1) / n * then(0) : then(u - updates); };
}

Schedule one_cycle(double largest, std::int64_t updates, OneCycleOptions o) {
  checked("one_cycle", "the largest rate", largest);
  const double n = updates_of("one_cycle", updates);
  if (!(o.rising > 0 && o.rising < 1)) throw ValueError(fmt::format("one_cycle: rising must be between 0 and 1, but is {}", o.rising));
  for (const double d : {o.start_divisor, o.end_divisor})
    if (!(d >= 1)) throw ValueError(fmt::format("one_cycle: a divisor must be at least 1, but is {}", d));
  const double begin = largest / o.start_divisor, end = begin / o.end_divisor;
  const double top = std::max(o.rising * n - 1, 0.), last = std::max(n - 1, top);
  return [=](std::int64_t update) {
    const double u = std::min(static_cast<double>(update), last);
    if (u < top) return along_cosine(begin, largest, u / top);
    return along_cosine(largest, end, last > top ? (u - top) / (last - top) : 0);
  };
}

Schedule noam(int width, std::int64_t warm, double factor) {
  checked("noam", "the factor", factor);
  if (width < 1) throw ValueError(fmt::format("noam: the width must be at least 1, but is {}", width));
  const double rise = std::pow(updates_of("noam", warm), -1.5), scale = factor / std::sqrt(static_cast<double>(width));
  return [=](std::int64_t u) {
    const double n = static_cast<double>(u + 1);
    return scale * std::min(1 / std::sqrt(n), n * rise);
  };
}

Plateau::Plateau(double lr, PlateauOptions o) : o_(o), lr_(lr), best_(std::numeric_limits<double>::infinity()) {
  checked("plateau", "the rate", lr), checked("plateau", "the least rate", o.least), checked("plateau", "the threshold", o.threshold);
  if (!(o.factor > 0 && o.factor < 1)) throw ValueError(fmt::format("plateau: the factor must be between 0 and 1, but is {}", o.factor));
  if (o.patience < 0) throw ValueError(fmt::format("plateau: the patience must not be negative, but is {}", o.patience));
}

double Plateau::see(double loss) {
  if (loss < best_ * (1 - o_.threshold)) {
    best_ = loss;
    waited_ = 0;
  } else if (++waited_ > o_.patience) {
    lr_ = std::max(lr_ * o_.factor, o_.least);
    waited_ = 0;
  }
  return lr_;
}

void Plateau::visit(Archive& a) { a.same("kind", "plateau")("lr", lr_)("best", best_)("waited", waited_); }

}  // namespace ebb
