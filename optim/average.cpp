#include <fmt/format.h>
#include <algorithm>
#include <ebb/nn/archive.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/optim/average.hpp>
#include <ebb/optim/exchange.hpp>

namespace ebb {

AverageWeights::AverageWeights(const LeafSet& set, double decay) : set_(set), decay_(decay) {
  if (!(decay >= 0 && decay <= 1))
    throw ValueError(fmt::format("average: the decay must be between 0 and 1, but is {}", decay));
}

void AverageWeights::check_size() const {
  if (mean_.size() != set_.size()) throw ValueError("average: parameters were added since the first update");
}

void AverageWeights::update() {
  if (!mean_) mean_ = Array::zeros({static_cast<int>(set_.size())}, set_.dtype());
  check_size();
  const double fresh = std::max(1 - decay_, 1 / static_cast<double>(++seen_));
  scale_in_place(mean_, 1 - fresh);
  add_scaled_into(mean_, fresh, set_.flat());
}

void AverageWeights::swap() {
  if (!mean_) throw ValueError("average: there is no mean before the first update");
  mean_ = mean_.copy();  // callers of flat() may hold it
  detail::exchange("average", set_, mean_);
}

void AverageWeights::visit(Archive& a) { a.same("kind", "average")("seen", seen_).like("mean", set_, mean_); }

}  // namespace ebb
