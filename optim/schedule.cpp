#include <fmt/format.h>
#include <algorithm>
#include <ebb/nn/archive.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/optim/schedule_checks.hpp>
#include <limits>

namespace ebb {

using detail::checked;

Plateau::Plateau(double lr, PlateauOptions o) : o_(o), lr_(lr), best_(std::numeric_limits<double>::infinity()) {
  checked("plateau", "the rate", lr);
  checked("plateau", "the minimum rate", o.least);
  checked("plateau", "the threshold", o.threshold);
  if (!(o.factor > 0 && o.factor < 1))
    throw ValueError(fmt::format("plateau: the factor must be between 0 and 1, but is {}", o.factor));
  if (o.patience < 0)
    throw ValueError(fmt::format("plateau: the patience must not be negative, but is {}", o.patience));
}

double Plateau::update(double loss) {
  // Relative to the best loss's magnitude: for a negative loss, (1 - threshold) * best would be above it.
  const double margin = std::isinf(best_) ? 0 : o_.threshold * std::abs(best_);
  if (loss < best_ - margin) {
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
