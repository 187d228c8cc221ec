#include <algorithm>
#include <cmath>
#include <ebb/autograd/grad.hpp>
#include <ebb/nn/sequence/step_jacobian.hpp>
#include <ebb/observe/gradient_norms.hpp>
#include <ebb/observe/transposed_products.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>
#include <limits>
#include <string>

namespace ebb {

namespace {

constexpr double never = -std::numeric_limits<double>::infinity();
constexpr double no_pair = std::numeric_limits<double>::quiet_NaN();

/// The states of a run from number `first` on, [B, S] each.
struct States {
  int first = 0;
  std::vector<Array> all;
  const Array& operator[](int number) const { return all[static_cast<std::size_t>(number - first)]; }
};

States states_of(const Cell& cell, const Drive& drive, const Array& start, const StepContext& at, int first) {
  States states{.first = first, .all = {}};
  Trajectory s(cell, drive, start, at);
  for (; !s.ended(); s.advance())
    if (s.time() >= first) states.all.push_back(s.state());
  states.all.push_back(s.state());
  return states;
}

/// dL/ds of the loss of step t with respect to the state after it, through the output, [B, S].
Array seed_of(const Cell& cell, const Array& x, const Array& state, const StepLoss& loss, int t) {
  const Tape tape{{.dtype = f64}};
  const Var flat = variable(state);
  const Var each = loss(cell.output(constant(x), as_state(cell, flat)), t);
  if (each.rank() > 1 || (each.rank() == 1 && each.dim(0) != state.dim(0)))
    throw ShapeError("the loss of step " + std::to_string(t) + " is " + text(each.shape()) + ", not one number or [" +
                     std::to_string(state.dim(0)) + "], one per row");
  return vjp(each, constant(Array::full(each.shape(), 1, f64)), {flat})[0].value();
}

/// Several gradients per row that go backward together, [B, k, S], each with its scale, [B, k].
class Gradients {
 public:
  Gradients(int B, int S) : B_(B), S_(S) {}
  int count() const { return k_; }

  void add(const Array& seed) {
    Array more = Array::empty({B_, k_ + 1, S_}, f64);
    std::vector<double> scales(static_cast<std::size_t>(B_) * static_cast<std::size_t>(k_ + 1));
    for (int b = 0; b < B_; ++b) {
      Array mine = more[b];
      if (k_ > 0) mine.range(0, k_).assign(vectors_[b]);
      mine[k_].assign(seed[b]);
      for (int k = 0; k < k_; ++k) scales[place(b, k, k_ + 1)] = scales_[place(b, k, k_)];
    }
    vectors_ = more;
    scales_ = scales;
    ++k_;
  }
  void take_norms() { detail::take_norms(vectors_, scales_.data(), "a gradient"); }
  /// After take_norms: ln of the norm of gradient k in row b.
  double log_norm(int b, int k) const { return scales_[place(b, k, k_)]; }
  void step_back(const Cell& cell, const Array& x, const Array& state, const StepContext& at) {
    vectors_ = detail::transposed_products(cell, x, state, at, vectors_);
  }

 private:
  static std::size_t place(int b, int k, int count) { return static_cast<std::size_t>(b * count + k); }
  int B_, S_, k_ = 0;
  Array vectors_;
  std::vector<double> scales_;
};

int checked_lags(const Drive& drive, int lags) {
  if (lags < -1 || lags > drive.steps())
    throw ValueError("gradient_norms: the largest lag is " + std::to_string(lags) + ", with " +
                     std::to_string(drive.steps()) + " steps");
  return lags < 0 ? drive.steps() : lags;
}

}  // namespace

void detail::take_norms(Array& vectors, double* scales, const char* what) {
  const int S = vectors.columns();
  double* v = vectors.data<double>();
  for (std::int64_t n = 0; n < vectors.rows(); ++n, v += S) {
    double largest = 0, squares = 0;
    for (int i = 0; i < S; ++i) {
      if (!std::isfinite(v[i])) throw ValueError(std::string(what) + " is infinite or NaN");
      largest = std::max(largest, std::abs(v[i]));
    }
    if (largest == 0) {
      scales[n] = never;
      continue;
    }
    for (int i = 0; i < S; ++i) squares += (v[i] / largest) * (v[i] / largest);
    const double root = std::sqrt(squares);
    for (int i = 0; i < S; ++i) v[i] = v[i] / largest / root;
    scales[n] += std::log(largest) + std::log(root);
  }
}

std::vector<int> detail::map_points(int first, int last, int every, int most, const char* who) {
  if (every < 0 || every > last)
    throw ValueError(std::string(who) + ": points every " + std::to_string(every) + " steps, of " +
                     std::to_string(last));
  if (every == 0) every = std::max(1, (last - first + most) / most);
  std::vector<int> points;
  for (int t = last; t >= first; t -= every) points.push_back(t);
  std::reverse(points.begin(), points.end());
  return points;
}

Array gradient_norms(const Cell& cell, const Drive& drive, const StepLoss& loss, const Array& start,
                     const GradientOptions& o) {
  const int T = drive.steps(), lags = checked_lags(drive, o.lags);
  const States states = states_of(cell, drive, start, o.at, T - lags);
  const int B = states[T].dim(0);
  Gradients g(B, states[T].dim(1));
  g.add(seed_of(cell, drive.at(T - 1), states[T], loss, T - 1));
  Array norms = Array::empty({lags + 1, B}, f64);
  for (int lag = 0;; ++lag) {
    g.take_norms();
    for (int b = 0; b < B; ++b) norms.set_flat(std::int64_t{lag} * B + b, g.log_norm(b, 0));
    if (lag == lags) return norms;
    const int t = T - 1 - lag;
    g.step_back(cell, drive.at(t), states[t], o.at.at_time(t));
  }
}

GradientMap gradient_map(const Cell& cell, const Drive& drive, const StepLoss& loss, const Array& start,
                         const GradientOptions& o) {
  const int T = drive.steps();
  GradientMap map{.times = detail::map_points(1, T, o.every, 64, "gradient_map"), .log_norms = {}};
  const int n = static_cast<int>(map.times.size());
  const States states = states_of(cell, drive, start, o.at, map.times.front());
  const int B = states[T].dim(0);
  map.log_norms = Array::full({n, n, B}, no_pair, f64);
  Gradients g(B, states[T].dim(1));
  for (int t = T, k = n - 1; k >= 0; --t) {  // gradient number i is that of times[n - 1 - i]
    if (t == map.times[static_cast<std::size_t>(k)]) {
      g.add(seed_of(cell, drive.at(t - 1), states[t], loss, t - 1));
      g.take_norms();
      for (int i = 0; i < g.count(); ++i)
        for (int b = 0; b < B; ++b) map.log_norms.set_flat((std::int64_t{n - 1 - i} * n + k) * B + b, g.log_norm(b, i));
      --k;
    } else {
      g.take_norms();
    }
    if (k >= 0) g.step_back(cell, drive.at(t - 1), states[t - 1], o.at.at_time(t - 1));
  }
  return map;
}

namespace {

struct Line {
  double slope = no_pair, error = no_pair;
};

/// Least squares over the finite values of row b.
Line line_of(const Array& norms, int b, int first, int last) {
  double n = 0, x = 0, y = 0, xx = 0, xy = 0, rest = 0;
  const auto each = [&](auto use) {
    for (int lag = first; lag <= last; ++lag)
      if (const double v = norms.at({lag, b}); std::isfinite(v)) use(lag - first, v);
  };
  each([&](double lag, double v) {
    n += 1;
    x += lag;
    y += v;
  });
  if (n < 3) return {};
  const double mean_x = x / n, mean_y = y / n;
  each([&](double lag, double v) {
    xx += (lag - mean_x) * (lag - mean_x);
    xy += (lag - mean_x) * (v - mean_y);
  });
  const double slope = xy / xx;
  each([&](double lag, double v) { rest += std::pow(v - mean_y - slope * (lag - mean_x), 2); });
  return {.slope = slope, .error = std::sqrt(rest / (n - 2) / xx)};
}

}  // namespace

Estimate decay_rate(const Array& log_norms, int first, int last) {
  if (log_norms.rank() != 2)
    throw ShapeError("decay_rate: norms are [lags + 1, rows], these are " + text(log_norms.shape()));
  const int lags = log_norms.dim(0) - 1;
  if (last == -1) last = lags;
  if (first < 0 || first >= last || last > lags)
    throw ValueError("decay_rate: lags " + std::to_string(first) + " to " + std::to_string(last) + " of " +
                     std::to_string(lags));
  double rows = 0, sum = 0, squares = 0, error = no_pair;
  for (int b = 0; b < log_norms.dim(1); ++b) {
    const Line line = line_of(log_norms, b, first, last);
    if (std::isnan(line.slope)) continue;
    rows += 1;
    sum += line.slope;
    squares += line.slope * line.slope;
    error = line.error;
  }
  if (rows == 0) return {.value = no_pair, .error = no_pair};
  const double mean = sum / rows;
  if (rows > 1) error = std::sqrt(std::max(0., squares / rows - mean * mean) / (rows - 1));
  return {.value = mean, .error = error};
}

}  // namespace ebb
