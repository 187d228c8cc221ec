#include <algorithm>
#include <cmath>
#include <ebb/experiments/studies/observe/plane.hpp>
#include <ebb/observe/lanczos.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/random.hpp>
#include <ebb/ops/reduce.hpp>

namespace ebb::app::observe {

Plane::Plane(const Array& states) : mean_(mean(states, {0})) {
  const int N = states.dim(0), S = states.dim(1);
  const Array x = states - mean_, xt = transpose(x);
  const double total = sum(square(x)).item() / N;
  axes_ = Array::zeros({2, S}, f64);
  const int found = std::min(2, S);
  if (!(total > 0)) {
    for (int k = 0; k < found; ++k) axes_.set_flat(std::int64_t{k} * S + k, 1);
    return;
  }
  const SymmetricProduct covariance = [&](const Array& v) {
    const Array column = v.reshape({S, 1});
    return (matmul(xt, matmul(x, column)) / double(N)).reshape({S});
  };
  const LeadingEigenvalues ends =
      leading_eigenvalues(S, covariance, {.largest = found, .smallest = 0, .tolerance = 1e-6});
  share_ = 0;
  for (int k = 0; k < static_cast<int>(ends.largest.size()); ++k) {
    Array axis = axes_[k];
    axis.assign(ends.vectors[k]);
    share_ += ends.largest[static_cast<std::size_t>(k)].value / total;
  }
}

double Plane::along(const Array& v, int axis) const { return sum(v * axes_[axis]).item(); }

std::pair<double, double> Plane::of_direction(const Array& v) const { return {along(v, 0), along(v, 1)}; }

std::pair<double, double> Plane::of_state(const Array& s) const { return of_direction(s - mean_); }

Array leading_direction(const Array& J) {
  constexpr int most_iterations = 1000;
  const int S = J.dim(0);
  Array v = normal({S, 1}, Key{1}, 0, 1, f64);
  v = v / std::sqrt(sum(square(v)).item());
  for (int k = 0; k < most_iterations; ++k) {
    const Array w = matmul(J, v);
    const double value = sum(v * w).item(), norm = std::sqrt(sum(square(w)).item());
    if (!(norm > 0)) return {};
    if (std::sqrt(sum(square(w - value * v)).item()) <= 1e-6 * norm) return v.reshape({S});
    v = w / norm;
  }
  return {};
}

}  // namespace ebb::app::observe
