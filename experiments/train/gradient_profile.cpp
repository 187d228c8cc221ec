#include <cmath>
#include <ebb/experiments/train/gradient_profile.hpp>
#include <ebb/experiments/train/task_call.hpp>
#include <limits>
#include <numbers>

namespace ebb::app {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

double ln_norm(const double* x, std::int64_t n) {
  double largest = 0, sum = 0;  // scaled, because the square of 1e-200 underflows to zero
  for (std::int64_t k = 0; k < n; ++k) {
    if (!std::isfinite(x[k])) return unknown;  // not zero: max() would ignore a NaN
    largest = std::max(largest, std::abs(x[k]));
  }
  if (largest == 0) return -infinity;
  for (std::int64_t k = 0; k < n; ++k) sum += (x[k] / largest) * (x[k] / largest);
  return std::log(largest) + 0.5 * std::log(sum);
}

}  // namespace

GradientNorms gradient_norms(const Model& m, const Task& task, int lags, int rows, Split split) {
  const SimpleNetwork& network = m.simple();
  const Batch batch = make_batch(task, {.split = split, .length = lags + 1, .rows = rows});
  const auto r = backward(m.w, {.rows = batch.rows(), .dtype = f64, .training = false},
                          [&](Shard& s) { return network.last_loss(s, batch); });
  GradientNorms norms;
  for (int k = 0; k < network.cell().field_count(); ++k) {
    const char* field = network.cell().field(k).name;
    const Array gradient = r.grad(field).compact();  // [T, B, ...]
    const std::int64_t width = gradient.size() / gradient.dim(0) / gradient.dim(1);
    LagNorms by_lag(static_cast<std::size_t>(lags) + 1);
    for (int lag = 0; lag <= lags; ++lag)
      for (int row = 0; row < batch.rows(); ++row) {
        const std::int64_t at = (static_cast<std::int64_t>(lags - lag) * batch.rows() + row) * width;
        by_lag[static_cast<std::size_t>(lag)].push_back(ln_norm(gradient.data<double>() + at, width));
      }
    norms.emplace(field, std::move(by_lag));
  }
  return norms;
}

namespace {

/// ln sqrt(e^2a + e^2b)
double ln_joint(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return unknown;
  const double larger = std::max(a, b), smaller = std::min(a, b);
  return smaller == -infinity ? larger : larger + 0.5 * std::log1p(std::exp(2 * (smaller - larger)));
}

}  // namespace

LagNorms whole_state(const GradientNorms& norms) {
  LagNorms whole;
  for (const auto& [field, of_field] : norms) {
    whole.resize(std::max(whole.size(), of_field.size()));
    for (std::size_t lag = 0; lag < of_field.size(); ++lag) {
      whole[lag].resize(std::max(whole[lag].size(), of_field[lag].size()), -infinity);
      for (std::size_t row = 0; row < of_field[lag].size(); ++row)
        whole[lag][row] = ln_joint(whole[lag][row], of_field[lag][row]);
    }
  }
  return whole;
}

void append_rows(LagNorms& all, const LagNorms& more) {
  all.resize(std::max(all.size(), more.size()));
  for (std::size_t lag = 0; lag < more.size(); ++lag)
    all[lag].insert(all[lag].end(), more[lag].begin(), more[lag].end());
}

double Decay::half_life() const { return per_step < 0 ? std::numbers::ln2 / -per_step : unknown; }

double Decay::norm(int lag) const {
  return lag >= 0 && static_cast<std::size_t>(lag) < mean.size() ? std::exp(mean[static_cast<std::size_t>(lag)])
                                                                 : unknown;
}

Decay decay_of(const LagNorms& norms, int first, int last) {
  Decay d;
  double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (std::size_t lag = 0; lag < norms.size(); ++lag) {
    double numbers = 0, count = 0, sum = 0, squares = 0;
    for (const double ln : norms[lag]) {
      if (!std::isnan(ln)) numbers += 1;
      if (ln > std::log(smallest_norm)) {
        count += 1;
        sum += ln;
      }
    }
    const bool known = 2 * numbers >= static_cast<double>(norms[lag].size()) && numbers > 0;
    const bool alive = known && 2 * count >= numbers;
    const double mean = alive ? sum / count : known ? -infinity : unknown;
    for (const double ln : norms[lag])
      if (alive && ln > std::log(smallest_norm)) squares += (ln - mean) * (ln - mean);
    d.mean.push_back(mean);
    d.spread.push_back(alive ? std::sqrt(squares / count) : known ? 0 : unknown);
    const double x = static_cast<double>(lag);
    if (alive && x >= first && x <= last) {
      n += 1;
      sx += x;
      sy += mean;
      sxx += x * x;
      sxy += x * mean;
    }
  }
  const double spread = n * sxx - sx * sx;
  d.per_step = spread > 0 ? (n * sxy - sx * sy) / spread : unknown;
  return d;
}

}  // namespace ebb::app
