#include <cmath>
#include <ebb/autograd/tape.hpp>
#include <ebb/ops/error.hpp>
#include <numbers>

#include "../arrays.hpp"
#include "../function.hpp"

namespace {

using namespace ebb;
using gradbench::Json, gradbench::Problem, gradbench::problem, gradbench::json_of;

/// K components in D dimensions, N points.
struct GmmInput {
  Array alpha, mu, q, l, x;  // [K], [K, D], [K, D], [K, D (D - 1) / 2], [N, D]
  int D, K, N, m;
  double gamma;
};

GmmInput gmm_input(const Json& input) {
  GmmInput in{.alpha = gradbench::vector_in(input, "alpha"),
              .mu = gradbench::matrix_in(input, "mu"),
              .q = gradbench::matrix_in(input, "q"),
              .l = gradbench::matrix_in(input, "l"),
              .x = gradbench::matrix_in(input, "x"),
              .D = input.at("d").get<int>(),
              .K = input.at("k").get<int>(),
              .N = input.at("n").get<int>(),
              .m = input.at("m").get<int>(),
              .gamma = input.at("gamma").get<double>()};
  if (!(in.alpha.shape() == Shape{in.K} && in.mu.shape() == Shape{in.K, in.D} && in.q.shape() == in.mu.shape() &&
        in.l.shape() == Shape{in.K, in.D * (in.D - 1) / 2} && in.x.shape() == Shape{in.N, in.D}))
    throw ValueError("the arrays of the input do not have the shapes that d, k and n give");
  return in;
}

/// For each entry [column, row] of Q its place in [exp(q), l, 0]: the diagonal, the lower triangle column by column,
/// and the zero above it.
Tokens entries_of_q(int D) {
  Tokens at({D, D});
  int below = D;
  const int zero = D + D * (D - 1) / 2;
  for (int c = 0; c < D; ++c)
    for (int r = 0; r < D; ++r) at.data()[c * D + r] = r == c ? c : r < c ? zero : below++;
  return at;
}

/// log Gamma_D(a), the multivariate gamma function.
double log_multigamma(double a, int D) {
  double sum = .25 * D * (D - 1) * std::log(std::numbers::pi);
  for (int j = 0; j < D; ++j) sum += std::lgamma(a - .5 * j);
  return sum;
}

struct GmmParameters {
  Var alpha, mu, q, l;
};

/// The logarithm of the posterior density of a Gaussian mixture with a Wishart prior on its precisions Q_k^T Q_k.
///
///     b[i, k] = alpha_k + sum q_k - 1/2 |Q_k (x_i - mu_k)|^2
///     y = sum_i lse_k b[i, k] - N (D/2 log 2 pi + lse alpha)
///         + sum_k (m sum q_k - gamma^2 / 2 |Q_k|^2) + K (n D log(gamma / sqrt 2) - log Gamma_D(n / 2)),  n = D + m + 1
///
/// All Q_k are the columns (row of Q, k) of one matrix [D, D K], so that Q x for all points is one product.
///
/// Source    evals/gmm/README.md of GradBench, with its algebra
Var log_posterior(const GmmInput& in, const GmmParameters& p) {
  const int D = in.D, K = in.K, N = in.N, n = D + in.m + 1;
  const Var diagonal = exp(p.q);
  const Var table = concat({transpose(diagonal), transpose(p.l), zeros({1, K})}, 0);
  const Var Q = gather(table, entries_of_q(D));                       // [column, row, K]
  const Var Qmu = sum(Q * reshape(transpose(p.mu), {D, 1, K}), {0});  // [row, K]
  const Var Qx = reshape(matmul(constant(in.x), reshape(Q, {D, D * K})), {N, D, K});
  const Var sum_q = sum(p.q, {-1});
  const Var b = p.alpha + sum_q - .5 * sum(square(Qx - Qmu), {1});  // [N, K]

  const double fixed = -N * .5 * D * std::log(2 * std::numbers::pi) +
                       K * (n * D * std::log(in.gamma / std::numbers::sqrt2) - log_multigamma(.5 * n, D));
  const Var prior = in.m * sum(sum_q) - .5 * in.gamma * in.gamma * (sum(square(diagonal)) + sum(square(p.l)));
  return sum(logsumexp(b)) - N * logsumexp(p.alpha) + prior + fixed;
}

Problem gmm_objective(const Json& input) {
  return problem(
      [in = gmm_input(input)] {
        Tape tape{{.dtype = f64}};
        return log_posterior(in, {constant(in.alpha), constant(in.mu), constant(in.q), constant(in.l)}).value();
      },
      json_of);
}

Problem gmm_jacobian(const Json& input) {
  return problem(
      [in = gmm_input(input)] {
        Tape tape{{.dtype = f64}};
        const GmmParameters p{variable(in.alpha), variable(in.mu), variable(in.q), variable(in.l)};
        const Grads g = tape.backward(log_posterior(in, p));
        return std::array{g[p.alpha], g[p.mu], g[p.q], g[p.l]};
      },
      [](const std::array<Array, 4>& g) {
        return Json{{"alpha", json_of(g[0])}, {"mu", json_of(g[1])}, {"q", json_of(g[2])}, {"l", json_of(g[3])}};
      });
}

const gradbench::Function gmm_functions[] = {{"gmm::objective", gmm_objective}, {"gmm::jacobian", gmm_jacobian}};

}  // namespace
