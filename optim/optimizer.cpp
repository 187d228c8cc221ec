#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <ebb/autograd/edit.hpp>
#include <ebb/autograd/engine.hpp>
#include <ebb/nn/archive.hpp>
#include <ebb/nn/pattern.hpp>
#include <ebb/ops/counted.hpp>
#include <ebb/ops/denormals.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/pool_allocator.hpp>
#include <ebb/ops/reduce.hpp>
#include <ebb/ops/rethrow.hpp>
#include <ebb/optim/optimizer.hpp>
#include <limits>
#include <numeric>

namespace ebb {

void detail::no_memory(const char* optimizer, int k, int count) {
  throw ValueError(
      fmt::format("{}: there is no memory[{}]; memories requested by the constructor: {}", optimizer, k, count));
}

Optimizer::Optimizer(const char* name, const LeafSet& set, double lr, double decay, int memories)
    : name_(name), set_(set), lr_(lr), decay_(decay), memories_(memories) {
  if (memories < 0 || memories > SliceMemory<float>::most)
    throw ValueError(fmt::format("{}: an optimiser has 0 to {} memories, but its constructor requested {}", name,
                                 SliceMemory<float>::most, memories));
  set_lr(lr);
  check_not_negative("decay", decay);
}
Optimizer::~Optimizer() = default;

namespace {
/// NaN is kept, so that it is noticed.
template <class T> void restore_bounds(const Leaf& leaf, const Slice<T>& s) {
  const T low = static_cast<T>(leaf.low()), high = static_cast<T>(leaf.high());
  if (std::isinf(low) && std::isinf(high)) return;
  for (std::int64_t i = 0; i < s.size; ++i) s.w[i] = s.w[i] < low ? low : s.w[i] > high ? high : s.w[i];
}
}  // namespace

void Optimizer::check(const char* option, double x, double least, double below) const {
  if (x >= least && x < below) return;
  if (std::isfinite(below))
    throw ValueError(
        fmt::format("{}: {} must be at least {} and less than {}, but is {}", name_, option, least, below, x));
  throw ValueError(fmt::format("{}: {} must be finite and at least {}, but is {}", name_, option, least, x));
}
void Optimizer::check_not_negative(const char* option, double x) const {
  check(option, x, 0, std::numeric_limits<double>::infinity());
}

Array& Optimizer::memory(int m) {
  if (m < 0 || m >= memories_) detail::no_memory(name_, m, memories_);
  return memory_[m];
}

void Optimizer::set_lr(double lr) {
  check_not_negative("the learning rate lr", lr);
  lr_ = lr;
}

void Optimizer::group(const std::string& pattern, GroupOptions o) {
  check_not_negative("a group's rate", o.rate);
  check_not_negative("a group's decay", o.decay.value_or(0));
  detail::check_fits(name_, set_, pattern);
  groups_.push_back({pattern, o});
  of_leaf_.clear();
}

void Optimizer::only(const std::vector<std::string>& patterns) {
  for (const std::string& p : patterns) detail::check_fits(name_, set_, p);  // check all before freezing any
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
  std::vector<int> order(
      static_cast<std::size_t>(set_.count()));  // by name, since the set may be built in a different order
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int x, int y) { return std::strcmp(set_[x].name(), set_[y].name()) < 0; });
  auto missed = std::make_shared<std::vector<std::int64_t>>(),
       fresh = std::make_shared<std::vector<std::int64_t>>(order.size());
  if (std::count(missed_.begin(), missed_.end(), 0) < static_cast<std::ptrdiff_t>(missed_.size()))
    for (const int k : order) missed->push_back(missed_of(k));
  a.same("kind", name_)("lr", lr_)("updates", updates_)("skipped", skipped_)("missed", *missed)
      .then([this, order, missed, fresh] {
        for (std::size_t k = 0; k < missed->size() && k < order.size(); ++k)
          (*fresh)[static_cast<std::size_t>(order[k])] = (*missed)[k];
        missed_.swap(*fresh);
      });
  for (int m = 0; m < memories_; ++m) a.like(("memory" + std::to_string(m)).c_str(), set_, memory_[m]);
}

Array Optimizer::first_memory(int) const { return Array::zeros({static_cast<int>(set_.size())}, set_.dtype()); }

std::int64_t Optimizer::missed_of(int leaf) const {
  const auto k = static_cast<std::size_t>(leaf);
  return k < missed_.size() ? missed_[k] : 0;
}

void Optimizer::count_update(std::int64_t by) {
  updates_ += by;
  if (of_leaf_.empty()) return;
  missed_.resize(of_leaf_.size());
  for (std::size_t k = 0; k < of_leaf_.size(); ++k)
    if (of_leaf_[k].rate == 0) missed_[k] += by;
}

void Optimizer::make_memories() {
  for (int m = 0; m < memories_; ++m) {
    if (!memory_[m]) {
      const Array first = first_memory(m);
      if (first.size() != set_.size() || first.dtype() != set_.dtype())
        throw ValueError(fmt::format("{}: first_memory({}) must be {} of {}, like the parameters, but is {} of {}",
                                     name_, m, detail::counted(set_.size(), "value"), name_of(set_.dtype()),
                                     first.size(), name_of(first.dtype())));
      memory_[m] = first;
    }
    if (memory_[m].size() != set_.size())
      throw ValueError(fmt::format("{}: the set had {} at the first step but has {} now", name_,
                                   detail::counted(memory_[m].size(), "value"), set_.size()));
  }
}

/// A parameter to update.
struct Optimizer::Todo {
  int leaf;
  Array gradient;
  GroupOptions group;
};

/// `flat` has the values of the whole set.
template <class T> Slice<T> Optimizer::slice_of(const Todo& d, T* flat) {
  const std::int64_t at = set_[d.leaf].offset();
  Slice<T> s{.w = flat + at,
             .g = d.gradient.data<T>(),
             .memory = {name_, memories_},
             .size = d.gradient.size(),
             .t = updates_ - missed_of(d.leaf),
             .lr = lr_ * d.group.rate,
             .decay = d.group.decay.value_or(decay_),
             .name = set_[d.leaf].name(),
             .shape = set_[d.leaf].shape()};
  for (int m = 0; m < memories_; ++m) s.memory.set(m, memory_[m].data<T>() + at);
  return s;
}

/// Whether the update would make a finite value of the optimiser state infinite; tries very large gradients on copies.
template <class T> bool Optimizer::overflows(const Todo& d) {
  // Squares below this are lost in the rounding of the type's largest value, so sums with them cannot overflow.
  constexpr double harmless = sizeof(T) == 4 ? 0x1p51 : 0x1p484;
  const double decay = d.group.decay.value_or(decay_);
  const double largest =
      largest_magnitude(d.gradient) + (decay != 0 ? decay * largest_magnitude(set_[d.leaf].value()) : 0);
  if (!(largest > harmless) || std::isinf(largest)) return false;
  Array values = set_.flat().copy();
  const Slice<T> real = slice_of(d, values.data<T>());
  std::vector<T> tried[SliceMemory<T>::most];
  Slice<T> trial = real;
  for (int m = 0; m < memories_; ++m) {
    tried[m].assign(real.memory[m], real.memory[m] + real.size);
    trial.memory.set(m, tried[m].data());
  }
  detail::named_call("optimiser", name_, [&] { update(trial); });
  for (int m = 0; m < memories_; ++m)
    for (std::int64_t i = 0; i < real.size; ++i)
      if (std::isfinite(real.memory[m][i]) && std::isinf(trial.memory[m][i])) return true;
  return false;
}

template <class T> void Optimizer::update_by_threads(const Slice<T>& s) {
  constexpr std::int64_t least = 1 << 15;  // values that are worth a thread
  if (!elementwise()) return update(s);
  parallel_for(s.size, least, [&](std::int64_t first, std::int64_t last) {
    Slice<T> part = s;
    part.w += first;
    part.g += first;
    part.size = last - first;
    for (int m = 0; m < memories_; ++m) part.memory.set(m, s.memory[m] + first);
    update(part);
  });
}

void Optimizer::step(const Grads& grads) {
  // An average of gradients that stay zero would end at a denormal, not at zero.
  const FlushDenormals flush(engine().flush);
  PoolVector<Todo> todo;
  settle_groups();
  for (int k = 0; k < set_.count(); ++k) {
    const GroupOptions group = of_leaf_.empty() ? GroupOptions{} : of_leaf_[static_cast<std::size_t>(k)];
    if (set_[k].trained() && group.rate > 0) todo.push_back({k, grads[set_[k]].to(set_.dtype()).compact(), group});
  }
  make_memories();
  count_update(1);
  with_dtype(set_.dtype(), [&](auto zero) {
    using T = decltype(zero);
    if (memories_ > 0 && std::any_of(todo.begin(), todo.end(), [&](const Todo& d) { return overflows<T>(d); })) {
      count_update(-1);
      ++skipped_;
      return;
    }
    Edit change(set_);
    Array flat = change.flat();
    for (const Todo& d : todo) {
      const Slice<T> s = slice_of(d, flat.data<T>());
      detail::named_call("optimiser", name_, [&] { update_by_threads(s); });
      restore_bounds(set_[d.leaf], s);
    }
  });
}

}  // namespace ebb
