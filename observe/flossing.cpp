#include <algorithm>
#include <ebb/autograd/grad.hpp>
#include <ebb/autograd/op.hpp>
#include <ebb/nn/sequence/step_jacobian.hpp>
#include <ebb/observe/dense/factors.hpp>
#include <ebb/observe/flossing.hpp>
#include <ebb/ops/counted.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/random.hpp>
#include <ebb/ops/reduce.hpp>
#include <string>
#include <vector>

namespace ebb {

namespace {

/// Ones on and below the diagonal number `offset`, [n, n].
Var lower_ones(int n, int offset) {
  Array mask = Array::zeros({n, n}, f64);
  for (int i = 0; i < n; ++i)
    for (int j = 0; j <= i + offset && j < n; ++j) mask.set_flat(std::int64_t{i} * n + j, 1);
  return constant(mask);
}

template <class F> Array each_matrix(const Array& a, const F& f) {
  Array all = Array::empty(a.shape(), a.dtype());
  for (int b = 0; b < a.dim(0); ++b) all[b].assign(f(a[b].to(f64)).to(a.dtype()));
  return all;
}

/// The inverse of an upper triangular matrix.
///
///     X R = 1;   dX = -X dR X
struct UpperInverse {
  static constexpr auto name = "upper_inverse";
  static constexpr unsigned needs = need_output;
  Array value(const Array& R) const {
    return each_matrix(R, [](const Array& one) {
      const int n = one.dim(0);
      const detail::LuFactors lu = detail::factored(one);  // no pivoting happens: nothing lies below the diagonal
      Array X = Array::zeros({n, n}, f64);
      for (int j = 0; j < n; ++j) {
        Array axis = Array::zeros({n}, f64);
        axis.set_flat(j, 1);
        const Array column = detail::solution(lu, axis);
        for (int i = 0; i <= j; ++i) X.set_flat(std::int64_t{i} * n + j, column.at_flat(i));
      }
      return X;
    });
  }
  Var vjp(const Var& g, const Var&, const Var& X) const {
    const Var Xt = transpose(X);
    return matmul(matmul(Xt, g), Xt) * (lower_ones(X.dim(-1), -1) - 1);
  }
};

/// R^-T of A = Q R.
Var inverse_transposed(const Var& A, const Var& Q) {
  return transpose(apply(UpperInverse{}, matmul(transpose(Q), A) * (1 - lower_ones(Q.dim(-1), -1))));
}

/// Q of A = Q R.
///
///     M = -g^T Q;   gradient = (g + Q (tril(M) + tril(M, -1)^T)) R^-T
struct OrthonormalColumns {
  static constexpr auto name = "orthonormal_columns";
  Array value(const Array& A) const {
    return each_matrix(A, [](const Array& one) {
      std::vector<double> diagonal(static_cast<std::size_t>(one.dim(1)));
      return detail::orthonormalise(one, diagonal.data(), one.dim(1));
    });
  }
  Var vjp(const Var& g, const Var& A, const Var& Q) const {
    const int n = Q.dim(-1);
    const Var M = -matmul(transpose(g), Q);
    const Var both = M * lower_ones(n, 0) + transpose(M * lower_ones(n, -1));
    return matmul(g + matmul(Q, both), inverse_transposed(A, Q));
  }
};

/// ln |R[i, i]| of A = Q R. Q is a function of A, whose part is in the gradient with respect to A: through Q it would
/// be a difference of terms that are larger by |A[:, i]| / |R[i, i]|.
///
///     gradient = Q diag(g) R^-T
struct LogDiagonal {
  static constexpr auto name = "log_diagonal";
  static constexpr unsigned needs = need_inputs;
  Array value(const Array& A, const Array& Q) const { return log(abs(sum(Q * A, -2))); }
  std::array<Var, 2> vjp(const Var& g, const Var& A, const Var& Q, const Var&) const {
    return {matmul(Q * reshape(g, {g.dim(0), 1, g.dim(1)}), inverse_transposed(A, Q)), zeros(Q.shape())};
  }
};

/// Rows 0 to B, each `times` times.
Tokens repeated_rows(int B, int times) {
  Tokens rows({B * times});
  for (int k = 0; k < B * times; ++k) rows.data()[k] = k / times;
  return rows;
}

/// Row b times `times`: one of the repetitions of row b.
Tokens first_rows(int B, int times) {
  Tokens rows({B});
  for (int b = 0; b < B; ++b) rows.data()[b] = b * times;
  return rows;
}

Var every_axis(int B, int S) {
  Array ones = Array::zeros({B * S, S}, f64);
  for (int k = 0; k < B * S; ++k) ones.set_flat(std::int64_t{k} * S + k % S, 1);
  return constant(ones);
}

Var first_directions(int B, int S, int k) {
  Array all = Array::zeros({B, S, k}, f64);
  std::vector<double> unused(static_cast<std::size_t>(k));
  for (int b = 0; b < B; ++b) {
    if (k < S) {  // as lyapunov
      const Key key = Key{1}.named("directions").at(static_cast<std::uint64_t>(b));
      all[b].assign(detail::orthonormalise(normal({S, k}, key, 0, 1, f64), unused.data(), k));
    }
    for (int i = 0; k == S && i < S; ++i) all.set_flat((std::int64_t{b} * S + i) * k + i, 1);
  }
  return constant(all);
}

/// A step with its Jacobian, recorded.
struct Linearised {
  State next;
  Var J;  // [B, S, S]
};

Linearised linearised(const Cell& cell, const Var& x, const State& s, const StepContext& at) {
  const int B = x.dim(0), S = state_size(cell);
  const Tokens rows = repeated_rows(B, S);
  State many = s;
  std::vector<Var> wrt;
  for (int k = 0; k < s.size(); ++k) {
    const Var gathered = gather(s[k], rows);
    wrt.push_back(many[k] = gathered.requires_grad() ? gathered : variable(gathered.value()));
  }
  const State next = cell.step(gather(x, rows), many, at.of_rows(rows));
  std::vector<Var> parts;
  for (const Var& g : vjp(flat_state(next), every_axis(B, S), wrt, {.create_graph = true}))
    parts.push_back(reshape(g, {B, S, static_cast<int>(g.shape().size() / g.dim(0))}));
  Linearised l{.next = next, .J = concat(parts, -1)};
  for (int k = 0; k < s.size(); ++k) l.next[k] = gather(next[k], first_rows(B, S));
  return l;
}

struct FlossingPlan {
  int T, S, k, warm_up;
};

FlossingPlan checked_plan(const Cell& cell, const Sequence& x, const FlossingOptions& o) {
  FlossingPlan p{.T = x.steps(), .S = state_size(cell), .k = o.directions, .warm_up = o.warm_up};
  if (p.k < 0 || p.k > p.S)
    throw ValueError("flossing: directions must be from 0 to " + std::to_string(p.S) +
                     ", the size of the state of cell " + cell.name() + ", but is " + std::to_string(p.k));
  if (p.k == 0) p.k = p.S;
  if (p.warm_up < 0) p.warm_up = p.T / 10;
  if (p.warm_up >= p.T)
    throw ValueError("flossing: the inputs have " + detail::counted(p.T, "step") + ", none after a warm-up of " +
                     std::to_string(p.warm_up));
  if (o.every < 1)
    throw ValueError("flossing: steps between orthonormalisations must be at least 1, but are " +
                     std::to_string(o.every));
  return p;
}

}  // namespace

Var detail::orthonormal_columns(const Var& A) { return apply(OrthonormalColumns{}, A); }

Var flossing_exponents(const Cell& cell, const Sequence& x, const State& start, const FlossingOptions& o) {
  const FlossingPlan p = checked_plan(cell, x, o);
  State s = start.size() ? start : cell.initial_state(x.rows());
  int t = 0;
  for (; t < p.warm_up / 2; ++t) s = cell.step(x[t], s, o.at.at_time(t));
  Var A = first_directions(x.rows(), p.S, p.k), growth;
  for (int since = 0; t < p.T; ++t) {
    const Linearised l = linearised(cell, x[t], s, o.at.at_time(t));
    s = l.next;
    A = matmul(l.J, A);
    if (++since < o.every && t + 1 != p.T && t + 1 != p.warm_up) continue;
    since = 0;
    const Var Q = detail::orthonormal_columns(A), of_step = apply(LogDiagonal{}, A, Q);
    A = Q;
    if (t >= p.warm_up) growth = growth ? growth + of_step : of_step;
  }
  return growth * (1.0 / (p.T - p.warm_up));
}

}  // namespace ebb
