#include <algorithm>
#include <cmath>
#include <ebb/observe/dense/factors.hpp>
#include <ebb/observe/lanczos.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/random.hpp>
#include <ebb/ops/reduce.hpp>
#include <ebb/ops/text.hpp>
#include <limits>

namespace ebb {

namespace detail {

Krylov::Krylov(int N, const SymmetricProduct& A, const Array& start, int most)
    : A_(A), Q_(Array::empty({std::min(most, N), N}, f64)) {
  restart(start);
}

/// w minus its part in the space, twice, after which that part is rounding error.
void Krylov::orthogonalise(Array& w) const {
  if (vectors_ == 0) return;
  const Array Q = Q_.range(0, vectors_);
  const int N = w.dim(0);
  for (int pass = 0; pass < 2; ++pass) {
    const Array along = matmul(Q, w.reshape({N, 1}));
    add_scaled_into(w, -1, matmul(along.reshape({1, vectors_}), Q).reshape({N}));
  }
}

bool Krylov::restart(const Array& start) {
  if (vectors_ == Q_.dim(0)) return false;
  Array w = start.to(f64) * (1 / norm_of(start));
  orthogonalise(w);
  const double left = norm_of(w);
  if (!(left > 1e-8)) return false;
  w = w * (1 / left);
  orthogonalise(w);
  Q_.range(vectors_, vectors_ + 1).assign((w * (1 / norm_of(w))).reshape({1, w.dim(0)}));
  ++vectors_;
  return true;
}

void Krylov::extend() {
  const Array q = Q_[steps()];
  Array w = A_(q.copy());
  if (!(w.shape() == q.shape()))
    throw ShapeError("lanczos: a product is " + text(w.shape()) + ", not " + text(q.shape()));
  w = w.to(f64).copy();
  if (!all_finite(w))
    throw ValueError("lanczos: a product is infinite or NaN after " + std::to_string(steps()) + " steps");
  scale_ = std::max(scale_, norm_of(w));
  diagonal_.push_back(sum(w * q).item());
  orthogonalise(w);
  const double beta = norm_of(w);
  const double negligible = 10 * std::numeric_limits<double>::epsilon() * std::sqrt(w.size()) * scale_;
  const bool ends = vectors_ == Q_.dim(0);
  beside_.push_back(beta > negligible ? beta : 0);
  if (ends || beta <= negligible) return;
  Q_.range(vectors_, vectors_ + 1).assign((w * (1 / beta)).reshape({1, w.dim(0)}));
  ++vectors_;
}

}  // namespace detail

namespace {

using detail::Krylov;
using detail::TridiagonalEigen;

constexpr int check_every = 5;  // steps between tests of convergence

/// Positions of the wanted values among m in ascending order: the largest ones first.
std::vector<int> ends_of(int m, const LeadingOptions& o) {
  std::vector<int> list;
  for (int k = 0; k < std::min(o.largest, m); ++k) list.push_back(m - 1 - k);
  for (int k = 0; k < std::min(o.smallest, m); ++k) list.push_back(k);
  return list;
}

double largest_of(const TridiagonalEigen& e) { return std::max(std::abs(e.values.front()), std::abs(e.values.back())); }

/// The largest estimate of a wanted residual, as a share of the largest magnitude.
double estimated_residual(const TridiagonalEigen& e, double coupling, const LeadingOptions& o) {
  const int m = static_cast<int>(e.values.size());
  const double scale = largest_of(e);
  double worst = 0;
  for (int i : ends_of(m, o)) worst = std::max(worst, coupling * std::abs(e.vectors.at({i, m - 1})));
  return scale > 0 ? worst / scale : 0;
}

std::vector<double> wanted_values(const TridiagonalEigen& e, const LeadingOptions& o) {
  std::vector<double> list;
  for (int i : ends_of(static_cast<int>(e.values.size()), o)) list.push_back(e.values[static_cast<std::size_t>(i)]);
  return list;
}

bool same_values(const std::vector<double>& a, const std::vector<double>& b, double margin) {
  if (a.size() != b.size()) return false;
  for (std::size_t k = 0; k < a.size(); ++k)
    if (!(std::abs(a[k] - b[k]) <= margin)) return false;
  return true;
}

/// Extends the space until the wanted values have converged. Returns whether they have.
bool iterate(Krylov& space, int most, const LeadingOptions& o) {
  std::vector<double> exhausted;  // the wanted values when the space was last exhausted
  const Key key = Key{o.seed}.named("lanczos restart");
  while (true) {
    space.extend();
    const int m = space.steps();
    const bool invariant = space.coupling() == 0;
    if (!invariant && m < most && m % check_every != 0) continue;
    const TridiagonalEigen e = detail::tridiagonal_eigen(space.diagonal(), space.beside());
    const bool converged = estimated_residual(e, space.coupling(), o) <= o.tolerance;
    if (m == most || (converged && !invariant && exhausted.empty())) return converged;
    if (!invariant) continue;
    std::vector<double> now = wanted_values(e, o);
    const int N = space.basis().dim(1);
    if (same_values(now, exhausted, 1e-12 * largest_of(e))) return true;
    if (!space.restart(normal({N}, key.at(static_cast<std::uint64_t>(m)), 0, 1, f64))) return true;
    exhausted = std::move(now);
  }
}

}  // namespace

LeadingEigenvalues leading_eigenvalues(int N, const SymmetricProduct& A, const LeadingOptions& o) {
  if (N < 1 || o.largest < 0 || o.smallest < 0 || o.most_steps < 1)
    throw ValueError("leading_eigenvalues: " + std::to_string(o.largest) + " largest and " +
                     std::to_string(o.smallest) + " smallest eigenvalues of " + std::to_string(N) + " in " +
                     std::to_string(o.most_steps) + " steps");
  const int most = std::min(N, o.most_steps);
  Krylov space(N, A, normal({N}, Key{o.seed}.named("lanczos"), 0, 1, f64), most);
  LeadingEigenvalues result;
  result.converged = iterate(space, most, o);
  result.steps = space.steps();
  const TridiagonalEigen e = detail::tridiagonal_eigen(space.diagonal(), space.beside());
  const std::vector<int> wanted = ends_of(result.steps, o);
  result.vectors = Array::empty({static_cast<int>(wanted.size()), N}, f64);
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    Array y = result.vectors[static_cast<int>(k)];
    y.assign(matmul(e.vectors[wanted[k]].reshape({1, result.steps}), space.basis()).reshape({N}));
    const double value = e.values[static_cast<std::size_t>(wanted[k])];
    const double residual = norm_of(A(y.copy()).to(f64) - y * value);
    (static_cast<int>(k) < std::min(o.largest, result.steps) ? result.largest : result.smallest)
        .push_back({value, residual});
  }
  return result;
}

}  // namespace ebb
