#include <ebb/autograd/step_context.hpp>

#include <ebb/autograd/functions.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>

namespace ebb {

Key StepContext::key(const char* name) const { return key_.named(name).at(static_cast<std::uint64_t>(time_ + 1)); }

namespace {
/// Position of the shard's first value, so that a row's values do not depend on its shard.
std::uint64_t first_position(const Var& like, std::int64_t first_row) {
  const Shape s = like.shape();
  const std::int64_t per_row = s.rank() == 0 || s[0] == 0 ? 1 : s.size() / s[0];
  return static_cast<std::uint64_t>(first_row * per_row);
}
}  // namespace

/// draw(shape, first position) for the rows of `like`; a row's values do not depend on its position.
template <class F> Var StepContext::drawn(const Var& like, const F& draw, const std::source_location& where) const {
  const std::uint64_t first = first_position(like, o_.first_row);
  if (!order_) return constant(draw(like.shape(), first), where);
  const Array all = draw(like.shape().with(0, order_->dim(0)), first);
  return constant(gather(all, order_->range(0, like.dim(0))), where);
}

Var StepContext::bernoulli(const char* name, const Var& like, double p, std::source_location where) const {
  return drawn(
      like, [&](const Shape& s, std::uint64_t first) { return ebb::bernoulli(s, key(name), p, like.dtype(), first); },
      where);
}
Var StepContext::bernoulli_of_steps(const char* name, const Var& like, double p, std::source_location where) const {
  const Shape shape = like.shape();
  if (shape.rank() < 2) throw ShapeError("bernoulli_of_steps: expected a sequence [steps, rows, ...]");
  Array all = Array::empty(shape, like.dtype());
  const Shape step = shape.without(0);
  const auto first = static_cast<std::uint64_t>(o_.first_row * (step[0] == 0 ? 1 : step.size() / step[0]));
  for (int t = 0; t < shape[0]; ++t) all[t].assign(ebb::bernoulli(step, at_time(t).key(name), p, like.dtype(), first));
  return constant(all, where);
}
Var StepContext::uniform(const char* name, const Var& like, double low, double high, std::source_location where) const {
  return drawn(
      like,
      [&](const Shape& s, std::uint64_t first) { return ebb::uniform(s, key(name), low, high, like.dtype(), first); },
      where);
}
Var StepContext::normal(const char* name, const Var& like, double mean, double deviation,
                        std::source_location where) const {
  return drawn(
      like,
      [&](const Shape& s, std::uint64_t first) {
        return ebb::normal(s, key(name), mean, deviation, like.dtype(), first);
      },
      where);
}
bool StepContext::coin(const char* name, double p) const { return key(name).uniform(0) < p; }

}  // namespace ebb
