#include <ebb/autograd/binding.hpp>
#include <ebb/autograd/grad.hpp>
#include <ebb/autograd/step_ends.hpp>
#include <ebb/nn/sequence/omega.hpp>
#include <ebb/nn/sequence/step_jacobian.hpp>
#include <memory>

namespace ebb {

namespace {

/// The states of a run; number 0 is the initial one.
std::vector<State> numbered_states(const UnrolledRun& u) {
  std::vector<State> all(static_cast<std::size_t>(u.run.steps()) + 1, u.initial);
  for (int k = 0; k < u.initial.size(); ++k) {
    const std::vector<Var> field = u.run.states(u.cell.field(k).name);
    for (std::size_t t = 0; t < field.size(); ++t) all[t + 1][k] = field[t];
  }
  return all;
}

std::vector<Var> moving_fields(const State& s) {
  std::vector<Var> fields;
  for (int k = 0; k < s.size(); ++k)
    if (s[k].requires_grad()) fields.push_back(s[k]);
  return fields;
}

/// dE/ds of states 1 to T, [rows, S] each.
std::vector<Var> loss_gradients(const Var& loss, const std::vector<State>& states, bool recorded) {
  std::vector<Var> wrt;
  for (std::size_t t = 1; t < states.size(); ++t)
    for (const Var& field : moving_fields(states[t])) wrt.push_back(field);
  const std::vector<Var> all = grad(loss, wrt, {.create_graph = recorded});
  auto next = all.begin();
  std::vector<Var> flat;
  for (std::size_t t = 1; t < states.size(); ++t) {
    State d = states[t];
    for (int k = 0; k < d.size(); ++k) d[k] = states[t][k].requires_grad() ? *next++ : zeros(d[k].shape());
    flat.push_back(flat_state(d));
  }
  return flat;
}

/// d J for J = d next / d before, [rows, fields that move], recorded.
Var propagated(const Var& d, const Var& next, const State& before) {
  std::vector<Var> parts;
  for (const Var& g : vjp(next, d, moving_fields(before), {.create_graph = true}))
    parts.push_back(reshape(g, {g.dim(0), static_cast<int>(g.shape().size() / g.dim(0))}));
  return concat(parts, -1);
}

/// The sum of the elements, and their number.
class Elements {
 public:
  explicit Elements(const OmegaOptions& o) : o_(o) {}

  void add(const Var& d, const Var& image) {
    const Var size = row_norm(d);
    const Array norms = size.value();
    Array kept = Array::zeros(norms.shape(), norms.dtype());
    for (std::int64_t b = 0; b < norms.size(); ++b) {
      const bool keep = !(norms.at_flat(b) * norms.at_flat(b) < o_.bound);  // keeps NaN, which must not be hidden
      kept.set_flat(b, keep ? 1 : 0);
      count_ += keep;
    }
    const Var mask = constant(kept), ratio = row_norm(image) / where(mask, size, 1);
    const Var element = sum(where(mask, square((o_.squared ? square(ratio) : ratio) - 1), 0));
    sum_ = sum_ ? sum_ + element : element;
  }
  Var total() const { return !o_.averaged || count_ == 0 ? sum_ : sum_ * (1.0 / static_cast<double>(count_)); }

 private:
  const OmegaOptions& o_;
  Var sum_;
  std::int64_t count_ = 0;
};

Var omega_through_time(const UnrolledRun& u, const std::vector<State>& states, const OmegaOptions& o) {
  const std::vector<Var> d = loss_gradients(u.loss, states, true);
  Elements elements(o);
  for (std::size_t t = 0; t < d.size(); ++t) elements.add(d[t], propagated(d[t], flat_state(states[t + 1]), states[t]));
  return elements.total();
}

/// Replaces all trained weights by variables within its scope.
class Copies {
 public:
  explicit Copies(const LeafSet& weights) {
    for (int k = 0; k < weights.count(); ++k)
      if (weights[k].trained()) {
        originals.push_back(var_of(weights[k]));
        copies.push_back(variable(originals.back().value()));
        bound_.push_back(
            std::make_unique<detail::Binding>(weights[k], weights[k].shape(), copies.back(), Array(), true));
      }
  }
  std::vector<Var> originals, copies;

 private:
  std::vector<std::unique_ptr<detail::Binding>> bound_;
};

State as_variables(const State& s) {
  State copy = s;
  for (int k = 0; k < s.size(); ++k) copy[k] = variable(s[k].value());
  return copy;
}

/// Steps are repeated from constants on copies of the weights. Everything that is recorded after the steps is J's use
/// of weights and values; the gradient with respect to a copy that only these later nodes contribute is the explicit
/// one, as for a state (StepEnds). It is then attached to the weights themselves as a term that is linear in them.
Var omega_immediate(const UnrolledRun& u, const std::vector<State>& states, const OmegaOptions& o) {
  const std::vector<Var> d = loss_gradients(u.loss, states, false);
  Var value;
  std::vector<Var> originals, gradients;
  {
    const Copies weights(u.weights);
    originals = weights.originals;
    std::vector<State> before;
    std::vector<Var> next;
    for (std::size_t t = 0; t < d.size(); ++t) {
      const int time = static_cast<int>(t);
      before.push_back(as_variables(states[t]));
      next.push_back(flat_state(u.cell.step(constant(u.x[time].value()), before.back(), u.at.at_time(time))));
    }
    const std::uint32_t steps_end = detail::step_end();
    for (const Var& copy : weights.copies) detail::set_step_end(copy, steps_end);
    Elements elements(o);
    for (std::size_t t = 0; t < d.size(); ++t) elements.add(d[t], propagated(d[t], next[t], before[t]));
    value = elements.total();
    // recorded, because a sweep on arrays defers the products of weights beyond the end of the steps
    gradients = grad(value, weights.copies, {.create_graph = true});
  }
  Var result = constant(value.value());
  for (std::size_t k = 0; k < originals.size(); ++k)
    result = result + sum(constant(gradients[k].value()) * (originals[k] - constant(originals[k].value())));
  return result;
}

}  // namespace

Var omega(const UnrolledRun& u, const OmegaOptions& o) {
  const std::vector<State> states = numbered_states(u);
  return o.immediate ? omega_immediate(u, states, o) : omega_through_time(u, states, o);
}

}  // namespace ebb
