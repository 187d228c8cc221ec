#include <cmath>
#include <ebb/nn/archive.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/pool_allocator.hpp>
#include <ebb/optim/optimizer.hpp>
#include <fmt/format.h>
#include <limits>
#include <utility>

namespace ebb {

Optimizer::Optimizer(const char* rule, const LeafSet& set, double lr, int memories)
    : rule_(rule), set_(set), lr_(lr), memories_(memories) {
  set_lr(lr);
}
Optimizer::~Optimizer() = default;

namespace {
/// NaN stays, so that it is seen.
template <class T> void restore_bounds(const Leaf& leaf, const Slice<T>& s) {
  const T low = static_cast<T>(leaf.low()), high = static_cast<T>(leaf.high());
  if (std::isinf(low) && std::isinf(high)) return;
  for (std::int64_t i = 0; i < s.size; ++i) s.w[i] = s.w[i] < low ? low : s.w[i] > high ? high : s.w[i];
}
}  // namespace

void Optimizer::check(const char* option, double x, double least, double below) const {
  if (x >= least && x < below) return;
  if (std::isfinite(below))
    throw ValueError(fmt::format("{}: {} must be at least {} and less than {}, but is {}", rule_, option, least, below, x));
  throw ValueError(fmt::format("{}: {} must be finite and at least {}, but is {}", rule_, option, least, x));
}
void Optimizer::check_not_negative(const char* option, double x) const {
  check(option, x, 0, std::numeric_limits<double>::infinity());
}

void Optimizer::set_lr(double lr) {
  check_not_negative("the learning rate lr", lr);
  lr_ = lr;
}

void Optimizer::visit(Archive& a) {
  a.same("kind", rule_)("lr", lr_)("updates", updates_);
  for (int m = 0; m < memories_; ++m) a.like(("memory" + std::to_string(m)).c_str(), set_, memory_[m]);
}

void Optimizer::step(const Grads& grads) {
  const std::int64_t size = set_.size();
  PoolVector<Leaf> leaves;
  PoolVector<Array> gradients;
  for (int k = 0; k < set_.count(); ++k) {
    if (!set_[k].trained()) continue;
    leaves.push_back(set_[k]);
    gradients.push_back(grads[set_[k]].to(set_.dtype()).compact());
  }
  for (int m = 0; m < memories_; ++m) {
    if (!memory_[m]) memory_[m] = Array::zeros({static_cast<int>(size)}, set_.dtype());
    if (memory_[m].size() != size)
      throw ValueError(fmt::format("{}: the set had {} numbers at the first step and has {} now", rule_,
                                   memory_[m].size(), size));
  }
  ++updates_;
  Edit change(set_);
  Array flat = change.flat();
  with_dtype(set_.dtype(), [&](auto zero) {
    using T = decltype(zero);
    for (std::size_t k = 0; k < leaves.size(); ++k) {
      const std::int64_t at = leaves[k].offset();
      Slice<T> s{flat.data<T>() + at, std::as_const(gradients[k]).template data<T>(), {}, gradients[k].size()};
      for (int m = 0; m < memories_; ++m) s.memory[m] = memory_[m].data<T>() + at;
      update(s);
      restore_bounds(leaves[k], s);
    }
  });
}

}  // namespace ebb
