#include <cmath>
#include <ebb/autograd/grad.hpp>
#include <ebb/nn/sequence/step_jacobian.hpp>
#include <ebb/observe/sensitivity_parts.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/random.hpp>
#include <ebb/ops/reduce.hpp>

namespace ebb::detail {

namespace {

/// Directions of signs within one parameter, zero in the others: direction k of parameter l is number l K + k.
std::vector<Array> sign_directions(const ParameterVector& p, int K, Key key) {
  std::vector<Array> list;
  for (int l = 0; l < p.count(); ++l)
    for (int k = 0; k < K; ++k) {
      Array v = Array::zeros({p.size()}, f64);
      const int n = p.end(l) - p.begin(l);
      const Array coins = bernoulli({n}, key.named(p.leaf(l).name()).at(static_cast<std::uint64_t>(k)), .5, f64);
      v.range(p.begin(l), p.end(l)).assign(coins * 2. - 1.);
      list.push_back(v);
    }
  return list;
}

/// One step of the recursion for all directions, in place: tangent <- J tangent + (d step / d theta) v.
void move_tangents(const SensitivityRun& r, const Array& x, const Array& state, const StepContext& at,
                   const std::vector<Array>& directions, std::vector<Array>& tangents) {
  const Tape tape{{.dtype = f64, .order = 2}};
  const Var theta = variable(r.theta), s = variable(state);
  const BoundParameters bound(r.p, theta);
  const Var next = flat_state(r.cell.step(constant(x), as_state(r.cell, s), at));
  const Var u = variable(Array::zeros(next.shape(), f64));  // u J is linear in u
  const std::vector<Var> uJ = vjp(next, u, {s, theta}, {.create_graph = true});
  const Var both = concat({reshape(uJ[0], {-1}), uJ[1]}, 0);
  const int size = static_cast<int>(state.size());
  for (std::size_t k = 0; k < directions.size(); ++k) {
    Array v = Array::empty(both.shape(), f64);
    v.range(0, size).assign(tangents[k].reshape({size}));
    v.range(size, v.dim(0)).assign(directions[k]);
    tangents[k] = vjp(both, constant(v), {u})[0].value();
  }
}

/// The norm from K squared norms, and its error by the delta method.
struct NormEstimate {
  double norm, error;
};
NormEstimate norm_estimate(const std::vector<double>& squares) {
  const auto K = static_cast<double>(squares.size());
  double mean = 0, spread = 0;
  for (double q : squares) mean += q / K;
  for (double q : squares) spread += (q - mean) * (q - mean);
  const double norm = std::sqrt(mean);
  return {norm, norm > 0 ? std::sqrt(spread / (K - 1) / K) / (2 * norm) : 0};
}

/// Norms and errors at one time, from tangents [B, S] of all directions.
void put_estimates(const std::vector<Array>& tangents, int t, int K, Sensitivity& s) {
  const int B = s.norms.dim(1), L = s.norms.dim(2);
  for (int b = 0; b < B; ++b) {
    std::vector<double> all(static_cast<std::size_t>(K));
    for (int l = 0; l < L; ++l) {
      std::vector<double> squares;
      for (int k = 0; k < K; ++k) {
        squares.push_back(sum_of_squares(tangents[static_cast<std::size_t>(l * K + k)][b]));
        all[static_cast<std::size_t>(k)] += squares.back();
      }
      const NormEstimate e = norm_estimate(squares);
      const std::int64_t at = (std::int64_t{t} * B + b) * L + l;
      s.norms.set_flat(at, e.norm);
      s.norm_errors.set_flat(at, e.error);
    }
    const NormEstimate e = norm_estimate(all);
    s.whole.set_flat(std::int64_t{t} * B + b, e.norm);
    s.whole_errors.set_flat(std::int64_t{t} * B + b, e.error);
  }
}

}  // namespace

void estimated_sensitivity(const SensitivityRun& r, Sensitivity& s) {
  s.norm_errors = Array::empty(s.norms.shape(), f64);
  s.whole_errors = Array::empty(s.whole.shape(), f64);
  const int K = r.o.directions;
  const std::vector<Array> directions = sign_directions(r.p, K, Key{r.o.seed}.named("sensitivity"));
  Trajectory walk(r.cell, r.drive, r.start, r.o.at);
  std::vector<Array> tangents(directions.size(), Array::zeros(walk.state().shape(), f64));
  for (; !walk.ended(); walk.advance()) {
    const int t = walk.time();
    move_tangents(r, r.drive.at(t), walk.state(), r.o.at.at_time(t), directions, tangents);
    for (const Array& v : tangents) check_sensitivity(v, t);
    put_estimates(tangents, t, K, s);
  }
}

}  // namespace ebb::detail
