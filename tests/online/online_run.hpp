#pragma once
#include <cmath>
#include <ebb/autograd/tape.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/sequence/step_jacobian.hpp>
#include <ebb/observe/trajectory.hpp>
#include <ebb/online/dense_influence.hpp>
#include <ebb/online/online_learner.hpp>
#include <ebb/online/structure.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/reduce.hpp>

namespace test {

/// A small cell in float64 with moved weights, inputs x, and a loss that is the sum over steps of u[t] s[t].
struct OnlineRun {
  static constexpr int T = 5, B = 3, I = 2, H = 4;
  ebb::Params w{{.seed = 3, .dtype = ebb::f64}};
  ebb::CellPtr cell;
  ebb::Array x, u;

  explicit OnlineRun(const std::string& name, double moved = .2)
      : cell(ebb::make_cell(name, w / "cell", {I, H})),
        x(ebb::normal({T, B, I}, ebb::Key{1}.named("x"), 0, 1, ebb::f64)),
        u(ebb::normal({T, B, ebb::state_size(*cell)}, ebb::Key{1}.named("u"), 0, 1, ebb::f64)) {
    ebb::Edit change = w.edit();
    ebb::Array flat = change.flat();
    flat.assign(flat + ebb::normal(flat.shape(), ebb::Key{7}, 0, moved, ebb::f64));
  }

  /// The gradient of the whole loss. A field named `held` enters the next step as a constant.
  ebb::Grads by_bptt(const std::string& held = "") const {
    ebb::Tape tape{{.dtype = ebb::f64}};
    ebb::State s = cell->initial_state(B);
    ebb::Var loss;
    for (int t = 0; t < T; ++t) {
      for (int k = 0; k < s.size(); ++k)
        if (s.name(k) == held) s[k] = detach(s[k]);
      s = cell->step(ebb::constant(x[t]), s, ebb::StepContext().at_time(t));
      const ebb::Var part = sum(ebb::flat_state(s) * ebb::constant(u[t]));
      loss = t == 0 ? part : loss + part;
    }
    return tape.backward(loss);
  }

  ebb::Grads sum_of(const std::string& method, std::uint64_t seed = 1) const {
    ebb::OnlineLearner learner(*cell, w, B, I, {.method = method, .seed = seed, .dtype = ebb::f64});
    ebb::Grads all;
    for (int t = 0; t < T; ++t) {
      learner.advance(x[t]);
      const ebb::Grads g = learner.gradient(u[t]);
      if (t == 0) all = g;
      else all.add(g);
    }
    return all;
  }

  /// The sum over steps for the effective parameters, [N].
  ebb::Array vector_of(const std::string& method, std::uint64_t seed = 1) const {
    const ebb::StepMap map(*cell, w, x[0]);
    const auto influence = ebb::make_influence(method, map, B, seed);
    return vector_along(
        map, [&](const ebb::StepPoint& at) { return influence->advance(at); },
        [&](const ebb::Array& v) { return influence->gradient(v); });
  }

  /// The same of P <- (J P) * M + D, with M what D can reach.
  ebb::Array by_masked_recursion() const {
    using namespace ebb;
    const StepMap map(*cell, w, x[0]);
    const StepStructure s = structure_of(map, StepPaths::all);
    Array mask = Array::zeros({1, map.size(), map.count()}, f64), P = Array::zeros({B, map.size(), map.count()}, f64);
    for (std::size_t k = 0; k < s.immediate.size(); ++k) mask.set_flat(static_cast<std::int64_t>(k), s.immediate[k]);
    return vector_along(
        map,
        [&](const StepPoint& at) {
          const StepDerivatives d = map.derivatives(at, identity_matrix(map.size(), f64));
          P = matmul(d.J, P) * mask;
          ebb::detail::add_immediate(map, d, P);
          return d.next;
        },
        [&](const Array& v) { return ebb::detail::gradient_through(v, P); });
  }

  template <class Advance, class Gradient>
  ebb::Array vector_along(const ebb::StepMap& map, const Advance& advance, const Gradient& gradient) const {
    ebb::Array g = ebb::Array::zeros({map.count()}, ebb::f64), state = ebb::initial_state(*cell, B);
    for (int t = 0; t < T; ++t) {
      state = advance({.x = x[t], .state = state, .theta = map.theta(), .at = ebb::StepContext().at_time(t)});
      add_into(g, gradient(u[t]));
    }
    return g;
  }

  static double error_of(const ebb::Array& got, const ebb::Array& wanted) {
    return ebb::norm_of(got - wanted) / ebb::norm_of(wanted);
  }
  static double error_of(const ebb::Grads& got, const ebb::Grads& wanted) {
    return error_of(got.flat(), wanted.flat());
  }
};

}  // namespace test
