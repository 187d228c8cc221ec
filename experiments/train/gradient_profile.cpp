#include <algorithm>
#include <cmath>
#include <ebb/experiments/train/gradient_profile.hpp>
#include <ebb/experiments/train/recurrent_network.hpp>
#include <ebb/experiments/train/task_call.hpp>
#include <ebb/nn/sequence/unroll.hpp>
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

/// The batch to be measured: of those with sequences of different lengths the one with the longest among those that are
/// full.
Batch measured_batch(const RecurrentNetwork& network, const Task& task, const ProfileSizes& sizes) {
  BatchRequest request{.split = sizes.split, .length = sizes.lags + 1, .rows = sizes.rows};
  Batch best = make_batch(task, request);
  if (!network.recurrence_lengths(best)) return best;
  request.length = std::max(request.length, sizes.length);
  best = make_batch(task, request);
  const int batches = task_call(task, [&] { return task.batches(sizes.split, request.length, request.rows); });
  for (request.number = 1; request.number < static_cast<std::uint64_t>(batches); ++request.number) {
    Batch next = make_batch(task, request);
    if (std::pair(next.rows(), next.steps()) > std::pair(best.rows(), best.steps())) best = std::move(next);
  }
  return best;
}

/// The last `count` of them, after values on which the loss does not depend if there are fewer.
std::vector<Var> last_of(const std::vector<Var>& states, std::size_t count) {
  std::vector<Var> last;
  for (std::size_t missing = states.size(); missing < count; ++missing)
    last.push_back(variable(Array::zeros(states.front().shape(), f64)));
  last.insert(last.end(), states.end() - static_cast<std::ptrdiff_t>(count - last.size()), states.end());
  return last;
}

/// As a variable, so that fields made of it alone, such as past inputs or a clock, have gradients too.
Var with_gradient(const Var& v) { return v.requires_grad() ? v : variable(v.value()); }

/// Retains the gradient with respect to every field of the state at every lag under the field's name. Rows with lengths
/// of their own come one by one.
PartialLoss followed_loss(const RecurrentNetwork& network, Shard& s, const ProfileRows& rows) {
  const Cell& cell = cell_of(network);
  const Sequence all = network.recurrence_inputs(s, rows.batch());
  const int steps = rows.steps_of(s.begin());
  const Sequence x(with_gradient(range(all.all(), 0, steps)));
  State start = cell.initial_state(x[0].dim(0));
  for (int k = 0; k < start.size(); ++k) start[k] = with_gradient(start[k]);
  const Run run = unroll(cell, x, start, s.context());
  for (int k = 0; k < cell.field_count(); ++k) {
    const char* const field = cell.field(k).name;
    s.retain(field, last_of(run.states(field), static_cast<std::size_t>(rows.lags()) + 1));
  }
  return network.last_loss(s, rows.batch(), x[steps - 1], run.last());
}

}  // namespace

ProfileRows::ProfileRows(const Model& m, const Task& task, const ProfileSizes& sizes)
    : batch_(measured_batch(m.recurrent(), task, sizes)), lengths_(m.recurrent().recurrence_lengths(batch_)) {
  for (int row = 0; row < batch_.rows(); ++row) order_.push_back(row);
  std::sort(order_.begin(), order_.end(),
            [&](int a, int b) { return std::pair(-steps_of(a), a) < std::pair(-steps_of(b), b); });
  lags_ = std::min(sizes.lags, longest() - 1);
  if (lags_ < 1)
    throw ValueError("the longest sequence has one step: there is no earlier state, whose gradient could vanish");
}

GradientNorms gradient_norms(const Model& m, const ProfileRows& rows) {
  const RecurrentNetwork& network = m.recurrent();
  const int B = rows.rows(), lags = rows.lags();
  const auto r = backward(m.w, {.rows = B, .dtype = f64, .training = false, .shards = rows.own_lengths() ? B : 0},
                          [&](Shard& s) { return followed_loss(network, s, rows); });
  GradientNorms norms;
  const Cell& cell = cell_of(network);
  for (int k = 0; k < cell.field_count(); ++k) {
    const char* field = cell.field(k).name;
    const Array gradient = r.grad(field).compact();  // [T, B, ...]
    const std::int64_t width = gradient.size() / gradient.dim(0) / gradient.dim(1);
    LagNorms by_lag(static_cast<std::size_t>(lags) + 1);
    for (int lag = 0; lag <= lags; ++lag)
      for (const int row : rows.order()) {
        if (lag >= rows.steps_of(row)) continue;
        const std::int64_t at = (static_cast<std::int64_t>(lags - lag) * B + row) * width;
        by_lag[static_cast<std::size_t>(lag)].push_back(ln_norm(gradient.data<double>() + at, width));
      }
    norms.emplace(field, std::move(by_lag));
  }
  return norms;
}

GradientNorms gradient_norms(const Model& m, const Task& task, int lags, int rows, Split split) {
  return gradient_norms(m, ProfileRows(m, task, {.lags = lags, .rows = rows, .split = split}));
}

Array profile_inputs(const Model& m, const ProfileRows& rows, int steps, int count) {
  Array all;
  evaluate(m.w, {.rows = rows.rows(), .dtype = f64, .shards = 1}, [&](Shard& s) {
    all = m.recurrent().recurrence_inputs(s, rows.batch()).all().value().copy();
    return s.sum(constant(Array::zeros({1}, f64)));
  });
  const std::vector<int>& order = rows.order();
  const int B = std::min(count, rows.rows()),
            T = std::min(steps, rows.steps_of(order[static_cast<std::size_t>(B) - 1]));
  Array x = Array::empty({T, B, all.dim(2)}, f64);
  for (int k = 0; k < B; ++k) {
    const int row = order[static_cast<std::size_t>(k)], first = rows.steps_of(row) - T;
    for (int t = 0; t < T; ++t) x[t][k].assign(all[first + t][row]);
  }
  return x;
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

GradientNorms in_layers(const GradientNorms& norms, int layer) {
  GradientNorms chosen;
  std::map<std::string, GradientNorms> layers;
  for (const auto& [field, of_field] : norms) {
    const std::size_t slash = field.find('/');
    const std::string of = field.substr(0, slash);
    if (layer == 0) layers["layer " + of].emplace(field, of_field);
    else if (of == std::to_string(layer)) chosen.emplace(field.substr(slash + 1), of_field);
  }
  for (const auto& [name, fields] : layers) chosen.emplace(name, whole_state(fields));
  return chosen;
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
