#include <fmt/format.h>
#include <ebb/autograd/edit.hpp>
#include <ebb/nn/archive.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/optim/early_stopping.hpp>
#include <limits>

namespace ebb {

EarlyStopping::EarlyStopping(const LeafSet& set, EarlyStoppingOptions o)
    : set_(set), o_(o), best_(std::numeric_limits<double>::infinity()) {
  if (o.patience < 0)
    throw ValueError(fmt::format("early stopping: the patience must not be negative, but is {}", o.patience));
  if (!(o.least >= 0))
    throw ValueError(fmt::format("early stopping: the minimum improvement must not be negative, but is {}", o.least));
}

void EarlyStopping::update(double loss) {
  if (loss < best_ - o_.least) {
    best_ = loss;
    best_at_ = seen_;
    waited_ = 0;
    kept_ = set_.flat().copy();
  } else {
    ++waited_;
  }
  ++seen_;
}

void EarlyStopping::restore() {
  if (!kept_) return;
  if (kept_.size() != set_.size()) throw ValueError("early stopping: parameters were added since the best evaluation");
  Edit change(set_);
  change.flat().assign(kept_);
}

void EarlyStopping::visit(Archive& a) {
  a.same("kind", "early stopping")("best", best_)("best at", best_at_)("seen", seen_)("waited", waited_)
      .like("kept", set_, kept_);
}

}  // namespace ebb
