#include <algorithm>
#include <cmath>
#include <ebb/observe/jacobians.hpp>
#include <ebb/observe/product_spectrum.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/linalg.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/reduce.hpp>
#include <ebb/ops/text.hpp>
#include <string>

namespace ebb {

namespace {

/// The product of one row: its log singular values, and the matrix with a scale factor.
class JacobianProduct {
 public:
  explicit JacobianProduct(int S) : spectrum_(S) {}

  void multiply(const Array& J) {
    spectrum_.multiply(J);
    product_ = spectrum_.factors() == 1 ? J.copy() : matmul(J, product_);
    const double largest = largest_magnitude(product_);
    if (spectrum_.factors() == 1 || largest == 0) return;
    product_ = product_ * (1 / largest);
    log_scale_ += std::log(largest);
  }
  const Array& product() const { return product_; }
  double log_scale() const { return log_scale_; }
  Array log_singular_values() const { return spectrum_.log_singular_values(); }

 private:
  ProductSpectrum spectrum_;
  Array product_;
  double log_scale_ = 0;
};

/// exp of the entropy of softmax(log_values).
double effective_rank_of(const Array& log_values) {
  const double* const v = log_values.data<double>();
  const auto n = log_values.size();
  double sum = 0, weighted = 0;
  if (n == 0 || std::isinf(v[0])) return 0;
  for (std::int64_t k = 0; k < n; ++k) {
    const double p = std::exp(v[k] - v[0]);
    sum += p;
    if (p > 0) weighted += p * (v[k] - v[0]);
  }
  return std::exp(std::log(sum) - weighted / sum);
}

/// Henrici's departure from normality as a share of the norm.
double departure_of(const Array& product, const Array& real, const Array& imag) {
  double norm = 0, eigen = 0;
  const double largest = largest_magnitude(product);
  if (largest == 0) return 0;
  for (std::int64_t k = 0; k < product.size(); ++k) norm += std::pow(product.at_flat(k) / largest, 2);
  for (std::int64_t k = 0; k < real.size(); ++k)
    eigen += std::pow(real.at_flat(k) / largest, 2) + std::pow(imag.at_flat(k) / largest, 2);
  return std::sqrt(std::max(0., 1 - eigen / norm));
}

JacobianSpectra empty_spectra(int n, int B, int S, const JacobianOptions& o) {
  const Shape values{n, B, S}, each{n, B};
  JacobianSpectra s;
  for (Array* a : {&s.log_scale, &s.log_condition, &s.effective_rank}) *a = Array::empty(each, f64);
  s.log_singular_values = Array::empty(values, f64);
  if (!o.eigenvalues) return s;
  s.real = Array::empty(values, f64);
  s.imag = Array::empty(values, f64);
  s.departure = Array::empty(each, f64);
  return s;
}

void put(JacobianSpectra& s, int n, int b, const JacobianProduct& p) {
  const Array log_sigma = p.log_singular_values();
  Array place = s.log_singular_values[n][b];
  place.assign(log_sigma);
  const std::int64_t at = std::int64_t{n} * s.log_scale.dim(1) + b;
  s.log_scale.set_flat(at, p.log_scale());
  s.log_condition.set_flat(at, log_sigma.at_flat(0) - log_sigma.at_flat(log_sigma.size() - 1));
  s.effective_rank.set_flat(at, effective_rank_of(log_sigma));
  if (!s.real) return;
  const auto [real, imag] = eigenvalues(p.product());
  Array re = s.real[n][b], im = s.imag[n][b];
  re.assign(real);
  im.assign(imag);
  s.departure.set_flat(at, departure_of(p.product(), real, imag));
}

}  // namespace

JacobianSpectra jacobian_spectra(const Cell& cell, const Drive& drive, const Array& start, const JacobianOptions& o) {
  if (o.steps < 1 || o.steps > drive.steps())
    throw ValueError("jacobian_spectra: steps must be from 1 to " + std::to_string(drive.steps()) +
                     ", the length of the inputs, but is " + std::to_string(o.steps));
  const int n = drive.steps() / o.steps;
  Trajectory s(cell, drive, start, o.at);
  JacobianSpectra result = empty_spectra(n, s.rows(), s.size(), o);
  for (int window = 0; window < n; ++window) {
    std::vector<JacobianProduct> rows(static_cast<std::size_t>(s.rows()), JacobianProduct(s.size()));
    for (int k = 0; k < o.steps; ++k, s.advance()) {
      const Array J = s.jacobian();
      parallel_for(s.rows(), 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t b = begin; b < end; ++b) rows[static_cast<std::size_t>(b)].multiply(J[static_cast<int>(b)]);
      });
    }
    result.times.push_back(s.time() - 1);
    parallel_for(s.rows(), 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t b = begin; b < end; ++b)
        put(result, window, static_cast<int>(b), rows[static_cast<std::size_t>(b)]);
    });
  }
  return result;
}

double PascanuBound::log_rate() const { return std::log(sigma_max / bound); }

PascanuBound pascanu_bound(const Array& U, double slope) {
  if (!(slope > 0)) throw ValueError("pascanu_bound: the slope must be above 0, but is " + std::to_string(slope));
  if (U.rank() != 2 || U.dim(0) != U.dim(1) || U.size() == 0)
    throw ShapeError("pascanu_bound: the recurrent matrix must be [H, H], but is " + text(U.shape()));
  return {.sigma_max = singular_values(U.to(f64)).at_flat(0), .bound = 1 / slope};
}

}  // namespace ebb
