#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/nn/archive.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/optim/non_monotone.hpp>
#include <limits>

namespace ebb {

NonMonotone::NonMonotone(int n) : n_(n) {
  if (n < 0) throw ValueError(fmt::format("non-monotone trigger: n must not be negative, but is {}", n));
}

bool NonMonotone::update(double loss) {
  if (std::isnan(loss)) loss = std::numeric_limits<double>::infinity();
  const auto k = static_cast<int>(losses_.size());
  if (k > n_ && loss > *std::min_element(losses_.begin(), losses_.end() - n_)) triggered_ = true;
  losses_.push_back(loss);
  return triggered_;
}

void NonMonotone::visit(Archive& a) {
  a.same("kind", "non-monotone trigger")("triggered", triggered_)("losses", losses_);
}

}  // namespace ebb
