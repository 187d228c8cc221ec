#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <complex>
#include <ebb/experiments/tasks/teacher/linear_teacher.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/linalg.hpp>
#include <vector>

namespace ebb::app {
namespace {

using Complex = std::complex<double>;

/// A small complex matrix.
struct ComplexMatrix {
  int n;
  std::vector<Complex> values;
  explicit ComplexMatrix(int size) : n(size), values(static_cast<std::size_t>(size * size)) {}
  Complex& at(int i, int j) { return values[static_cast<std::size_t>(i * n + j)]; }
  const Complex& at(int i, int j) const { return values[static_cast<std::size_t>(i * n + j)]; }
};

/// m (a - root) / divisor
ComplexMatrix times_factor(const ComplexMatrix& m, const Array& a, Complex root, Complex divisor) {
  ComplexMatrix product(m.n);
  for (int i = 0; i < m.n; ++i)
    for (int k = 0; k < m.n; ++k)
      for (int j = 0; j < m.n; ++j) product.at(i, j) += m.at(i, k) * ((a.at({k, j}) - (k == j ? root : 0.)) / divisor);
  return product;
}

/// f(a) by Sylvester's formula, for f with f(conj(l)) = conj(f(l)), whose values are real matrices.
template <class F> Array matrix_function(const Array& a, const F& f) {
  const int n = a.dim(0);
  const ComplexArrays spectrum = eigenvalues(a);
  const auto root = [&](int i) { return Complex(spectrum.real.at({i}), spectrum.imag.at({i})); };
  Array sum = Array::zeros({n, n}, f64);
  for (int i = 0; i < n; ++i) {
    ComplexMatrix term(n);
    for (int k = 0; k < n; ++k) term.at(k, k) = f(root(i));
    for (int j = 0; j < n; ++j)
      if (j != i) term = times_factor(term, a, root(j), root(i) - root(j));
    for (int k = 0; k < n * n; ++k) sum.set_flat(k, sum.at_flat(k) + term.values[static_cast<std::size_t>(k)].real());
  }
  return sum;
}

/// to = a v
void multiply(const Array& a, const std::vector<double>& v, std::vector<double>& to) {
  const double* element = a.data<double>();
  for (double& x : to) {
    x = 0;
    for (const double y : v) x += *element++ * y;
  }
}

double inner(const Array& a, const std::vector<double>& v) {
  const double* element = a.data<double>();
  double sum = 0;
  for (const double y : v) sum += *element++ * y;
  return sum;
}

}  // namespace

LinearTeacher::LinearTeacher(int units, double nu, const Key& key) {
  if (units < 1 || units > most_units || !(nu >= 0 && nu < 1))
    throw ValueError(
        fmt::format("a linear teacher has 1 to {} units and 0 <= nu < 1, not {} and {}", most_units, units, nu));
  const double n = units;
  B = normal({units}, key.named("B"), 0, 1, f64);
  C = normal({units}, key.named("C"), 0, 1 / std::sqrt(n), f64);
  D = key.named("D").normal(0);
  double largest = 0;  // modulus, as drawn
  A = matrix_function(normal({units, units}, key.named("A"), 0, 1 / std::sqrt(n), f64), [&](Complex l) {
    const double modulus = std::abs(l);
    largest = std::max(largest, modulus);
    return modulus > 0 ? (nu + (1 - nu) * std::tanh(modulus)) / modulus * l : Complex(nu);
  });
  // The slowest component is below exp(-20) of its start after so many steps.
  const Array response = impulse_response(static_cast<int>(20 / ((1 - nu) * (1 - std::tanh(largest)))) + 1);
  double variance = 0;
  for (int k = 0; k < response.dim(0); ++k) {
    const double g = response.at_flat(k) + (k == 0 ? D : 0);  // both read the newest input
    variance += g * g;
  }
  scale = std::sqrt(variance);
}

Array LinearTeacher::impulse_response(int steps) const {
  Array response = Array::empty({steps}, f64);
  std::vector<double> z(B.data<double>(), B.data<double>() + B.size()), next(z.size());
  for (int k = 0; k < steps; ++k) {
    response.set_flat(k, inner(C, z));
    multiply(A, z, next);
    z.swap(next);
  }
  return response;
}

double LinearTeacher::mean_variance(int steps) const {
  const Array response = impulse_response(steps);
  double sum = 0;
  for (int k = 0; k < steps; ++k) {
    const double g = response.at_flat(k) + (k == 0 ? D : 0);
    sum += (1 - static_cast<double>(k) / steps) * g * g;
  }
  return sum / (scale * scale);
}

Array LinearTeacher::outputs(const Array& x) const {
  const int T = x.dim(0), rows = x.dim(1);
  Array y = Array::empty(x.shape(), f32);
  std::vector<double> z(static_cast<std::size_t>(B.size())), next(z.size());
  for (int row = 0; row < rows; ++row) {
    std::fill(z.begin(), z.end(), 0.);
    for (int t = 0; t < T; ++t) {
      const double input = x.data<float>()[t * rows + row];
      multiply(A, z, next);
      for (std::size_t i = 0; i < z.size(); ++i) z[i] = next[i] + B.data<double>()[i] * input;
      y.data<float>()[t * rows + row] = static_cast<float>((inner(C, z) + D * input) / scale);
    }
  }
  return y;
}

}  // namespace ebb::app
