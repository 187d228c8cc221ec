#include <cmath>
#include <ebb/nn/archive.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/pool_allocator.hpp>
#include <ebb/optim/optimizer.hpp>
#include <ebb/optim/pattern.hpp>
#include <fmt/format.h>
#include <limits>
#include <utility>

namespace ebb {

Optimizer::Optimizer(const char* rule, const LeafSet& set, double lr, double decay, int memories)
    : rule_(rule), set_(set), lr_(lr), decay_(decay), memories_(memories) {
  set_lr(lr);
  check_not_negative("decay", decay);
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

void Optimizer::group(const std::string& pattern, GroupOptions o) {
  check_not_negative("a group's rate", o.rate);
  check_not_negative("a group's decay", o.decay.value_or(0));
  detail::check_fits(rule_, set_, pattern);
  groups_.push_back({pattern, o});
  of_leaf_.clear();
}

void Optimizer::only(const std::vector<std::string>& patterns) {
  for (const std::string& p : patterns) detail::check_fits(rule_, set_, p);   // before anything is frozen
  groups_.push_back({"*", {.rate = 0}});
  for (const std::string& p : patterns) groups_.push_back({p, {}});
  of_leaf_.clear();
}

void Optimizer::settle_groups() {
  if (groups_.empty()) return;
  for (int k = static_cast<int>(of_leaf_.size()); k < set_.count(); ++k) {
    of_leaf_.emplace_back();
    for (const Group& g : groups_)
      if (detail::fits(g.pattern.c_str(), set_[k].name())) of_leaf_.back() = g.options;
  }
}

void Optimizer::visit(Archive& a) {
  a.same("kind", rule_)("lr", lr_)("updates", updates_);
  for (int m = 0; m < memories_; ++m) a.like(("memory" + std::to_string(m)).c_str(), set_, memory_[m]);
}

Array Optimizer::first_memory(int) const { return Array::zeros({static_cast<int>(set_.size())}, set_.dtype()); }

void Optimizer::step(const Grads& grads) {
  const std::int64_t size = set_.size();
  PoolVector<Leaf> leaves;
  PoolVector<Array> gradients;
  PoolVector<GroupOptions> options;
  settle_groups();
  for (int k = 0; k < set_.count(); ++k) {
    const GroupOptions o = groups_.empty() ? GroupOptions{} : of_leaf_[static_cast<std::size_t>(k)];
    if (!set_[k].trained() || o.rate == 0) continue;
    leaves.push_back(set_[k]);
    gradients.push_back(grads[set_[k]].to(set_.dtype()).compact());
    options.push_back(o);
  }
  for (int m = 0; m < memories_; ++m) {
    if (!memory_[m]) memory_[m] = first_memory(m);
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
      Slice<T> s{flat.data<T>() + at, std::as_const(gradients[k]).template data<T>(), {}, gradients[k].size(), lr_ * options[k].rate,
                 options[k].decay.value_or(decay_)};
      for (int m = 0; m < memories_; ++m) s.memory[m] = memory_[m].data<T>() + at;
      update(s);
      restore_bounds(leaves[k], s);
    }
  });
}

}  // namespace ebb
