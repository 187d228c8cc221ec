#include <algorithm>
#include <cmath>
#include <ebb/autograd/grad.hpp>
#include <ebb/nn/sequence/step_jacobian.hpp>
#include <ebb/observe/sensitivity_parts.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/reduce.hpp>

namespace ebb {

namespace detail {

namespace {

/// D[b] = d step / d theta of one row, [S, N].
void parameter_jacobian_of_row(const SensitivityRun& r, const Array& x, const Array& state, const StepContext& at,
                               int b, Array D) {
  Tokens order({x.dim(0)});  // a StepContext draws for as many rows as there are entries
  for (std::int64_t k = 0; k < order.size(); ++k) order.data()[k] = b;
  const Tape tape{{.dtype = f64}};
  const Var theta = variable(r.theta);
  const BoundParameters bound(r.p, theta);
  const Var next = flat_state(
      r.cell.step(constant(x.range(b, b + 1)), as_state(r.cell, constant(state.range(b, b + 1))), at.of_rows(order)));
  Array seed = Array::zeros(next.shape(), f64);
  for (int i = 0; i < D.dim(0); ++i) {
    seed.set_flat(i, 1);
    Array row = D[i];
    row.assign(vjp(next, constant(seed.copy()), {theta})[0].value());
    seed.set_flat(i, 0);
  }
}

/// [B, S, N]
Array parameter_jacobian(const SensitivityRun& r, const Array& x, const Array& state, const StepContext& at) {
  Array D = Array::empty({state.dim(0), state.dim(1), r.p.size()}, f64);
  parallel_for(state.dim(0), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t b = begin; b < end; ++b)
      parameter_jacobian_of_row(r, x, state, at, static_cast<int>(b), D[static_cast<int>(b)]);
  });
  return D;
}

/// Norms over the columns of each parameter, of S [B, S, N] into [B, L], and over all into [B], if it is given.
void put_norms(const ParameterVector& p, const Array& S, Array by_parameter, Array* whole) {
  for (int b = 0; b < S.dim(0); ++b) {
    for (int k = 0; k < p.count(); ++k)
      by_parameter.set_flat(std::int64_t{b} * p.count() + k, norm_of(p.part(S[b], k)));
    if (whole) whole->set_flat(b, norm_of(S[b]));
  }
}

/// d s' / d s of the step at this time, [B, S, S].
Array state_jacobian(const SensitivityRun& r, const Array& x, const Array& state, const StepContext& at) {
  const Tape tape{{.dtype = f64}};
  const NoGrad off;
  return step_jacobian(r.cell, constant(x), as_state(r.cell, constant(state)), at);
}

Array identities(int B, int S) {
  Array P = Array::zeros({B, S, S}, f64);
  for (int b = 0; b < B; ++b)
    for (int i = 0; i < S; ++i) P.set_flat((std::int64_t{b} * S + i) * S + i, 1);
  return P;
}

/// The parts by source step, from the last; `states` before each step; `end` the result of the forward recursion.
void put_parts(const SensitivityRun& r, const std::vector<Array>& states, const Array& end, Sensitivity& s) {
  const int T = r.drive.steps(), B = end.dim(0), S = end.dim(1);
  s.by_source = Array::empty(s.norms.shape(), f64);
  s.kept = Array::empty(s.whole.shape(), f64);
  Array P = identities(B, S), sum = Array::zeros(end.shape(), f64);
  for (int t = T - 1; t >= 0; --t) {
    for (int b = 0; b < B; ++b) s.kept.set_flat(std::int64_t{t} * B + b, norm_of(P[b]));
    const Array x = r.drive.at(t), &state = states[static_cast<std::size_t>(t)];
    const StepContext at = r.o.at.at_time(t);
    const Array part = matmul(P, parameter_jacobian(r, x, state, at));
    put_norms(r.p, part, s.by_source[t], nullptr);
    add_into(sum, part);
    P = matmul(P, state_jacobian(r, x, state, at));
  }
  for (int b = 0; b < B; ++b) {
    const double norm = norm_of(end[b]);
    s.difference = std::max(s.difference, norm_of(sum[b] - end[b]) / (norm > 0 ? norm : 1));
  }
}

}  // namespace

void check_sensitivity(const Array& S, int time) {
  if (!all_finite(S))
    throw ValueError("sensitivity: the derivative of the state by the parameters is infinite or NaN at time " +
                     std::to_string(time));
}

void exact_sensitivity(const SensitivityRun& r, Sensitivity& s) {
  Trajectory walk(r.cell, r.drive, r.start, r.o.at);
  std::vector<Array> states;
  Array S;
  for (; !walk.ended(); walk.advance()) {
    const int t = walk.time();
    Array next = parameter_jacobian(r, r.drive.at(t), walk.state(), r.o.at.at_time(t));
    if (S) add_into(next, matmul(walk.jacobian(), S));
    S = next;
    check_sensitivity(S, t);
    Array whole = s.whole[t];
    put_norms(r.p, S, s.norms[t], &whole);
    if (r.o.by_source) states.push_back(walk.state());
  }
  if (r.o.by_source) put_parts(r, states, S, s);
}

}  // namespace detail

Sensitivity sensitivity(const Cell& cell, const LeafSet& parameters, const Drive& drive, const Array& start,
                        const SensitivityOptions& o) {
  if (o.directions < 0 || o.directions == 1)
    throw ValueError("sensitivity: " + std::to_string(o.directions) +
                     " directions; an estimate with an error needs at least two, 0 is exact");
  if (o.directions > 0 && o.by_source) throw ValueError("sensitivity: parts by source step are computed exactly only");
  const Array x = drive.at(0);
  const detail::ParameterVector p(detail::leaves_of_step(cell, parameters, x, o.at));
  Sensitivity s;
  s.parameters = p.names();
  s.norms = Array::empty({drive.steps(), x.dim(0), p.count()}, f64);
  s.whole = Array::empty({drive.steps(), x.dim(0)}, f64);
  const detail::SensitivityRun run{.cell = cell, .p = p, .theta = p.values(), .drive = drive, .start = start, .o = o};
  if (o.directions > 0) detail::estimated_sensitivity(run, s);
  else detail::exact_sensitivity(run, s);
  return s;
}

}  // namespace ebb
