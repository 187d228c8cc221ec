#include <algorithm>
#include <cmath>
#include <ebb/autograd/tape.hpp>
#include <ebb/autograd/watch.hpp>
#include <ebb/autograd/watched_values.hpp>
#include <ebb/nn/sequence/step_jacobian.hpp>
#include <ebb/observe/gates.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>
#include <functional>
#include <limits>
#include <map>
#include <string>

namespace ebb {

namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

/// Running sums over the values of one name.
class Tally {
 public:
  Tally(const Array& first, bool by_row, const GateOptions& o)
      : options_(o), rows_(by_row ? first.dim(0) : 1), units_(static_cast<int>(first.size() / rows_)),
        shift_(first.at_flat(0)), of_units_(static_cast<std::size_t>(units_)), bins_(static_cast<std::size_t>(o.bins)) {
  }

  /// The values of one step, [B, ...] or [...].
  void add(const Array& values) {
    const double* const v = values.data<double>();
    double sum = 0;
    for (std::int64_t k = 0; k < values.size(); ++k) {
      const double x = v[k] - shift_;
      sum += v[k];
      sum_ += x;
      squares_ += x * x;
      low_ = std::min(low_, v[k]);
      high_ = std::max(high_, v[k]);
      add(of_units_[static_cast<std::size_t>(k % units_)], v[k]);
    }
    count(values, 0, 1);
    mean_by_time_.push_back(sum / static_cast<double>(values.size()));
  }
  /// Starts the histogram again over the extremes, unless [0, 1] contains them.
  bool widen() {
    if (in_unit_interval()) return false;
    std::fill(bins_.begin(), bins_.end(), 0);
    return true;
  }
  void count_again(const Array& values) {
    if (!in_unit_interval()) count(values, low_, high_);
  }
  GateSummary summary(const std::string& name) const;

 private:
  struct Unit {
    double sum = 0, logs = 0, near_zero = 0, near_one = 0;
  };
  bool in_unit_interval() const { return low_ >= 0 && high_ <= 1; }
  void add(Unit& u, double v) const {
    u.sum += v;
    u.logs += std::log(v);
    u.near_zero += v < options_.margin;
    u.near_one += v > 1 - options_.margin;
  }
  void count(const Array& values, double low, double high) {
    const double scale = high > low ? options_.bins / (high - low) : 0;
    for (std::int64_t k = 0; k < values.size(); ++k) {
      const double place = (values.data<double>()[k] - low) * scale;
      bins_[static_cast<std::size_t>(std::clamp(place, 0., options_.bins - 1.))] += 1;  // the last has its right end
    }
  }
  Array each(const std::function<double(const Unit&)>& f) const {
    Array result = Array::empty({units_}, f64);
    std::transform(of_units_.begin(), of_units_.end(), result.data<double>(), f);
    return result;
  }

  GateOptions options_;
  int rows_, units_;
  double shift_, sum_ = 0, squares_ = 0;
  double low_ = std::numeric_limits<double>::infinity(), high_ = -low_;
  std::vector<Unit> of_units_;
  std::vector<double> bins_, mean_by_time_;
};

Array array_of(const std::vector<double>& values) {
  Array result = Array::empty({static_cast<int>(values.size())}, f64);
  std::copy(values.begin(), values.end(), result.data<double>());
  return result;
}

}  // namespace

Quartiles detail::quartiles_of(const Array& values) {
  std::vector<double> v(values.data<double>(), values.data<double>() + values.size());
  std::sort(v.begin(), v.end());
  const auto at = [&](double share) {
    const double place = share * static_cast<double>(v.size() - 1), part = place - std::floor(place);
    const auto k = static_cast<std::size_t>(place);
    return part > 0 ? (1 - part) * v[k] + part * v[k + 1] : v[k];  // not infinity times zero
  };
  return {.least = at(0), .first = at(.25), .median = at(.5), .third = at(.75), .most = at(1)};
}

namespace {

GateSummary Tally::summary(const std::string& name) const {
  const double steps = static_cast<double>(mean_by_time_.size()), of_unit = steps * rows_, all = of_unit * units_;
  GateSummary g;
  g.name = name;
  g.units = units_;
  g.rows = rows_;
  g.mean = shift_ + sum_ / all;
  g.deviation = std::sqrt(std::max(0., squares_ / all - sum_ / all * (sum_ / all)));
  g.unit_interval = in_unit_interval();
  g.low = g.unit_interval ? 0 : low_;
  g.high = g.unit_interval ? 1 : high_;
  for (const double n : bins_) g.histogram.push_back(n / all);
  g.mean_by_time = array_of(mean_by_time_);
  g.mean_of_units = each([&](const Unit& u) { return u.sum / of_unit; });
  g.near_zero = g.near_one = none;
  if (!g.unit_interval) return g;
  g.near_zero_of_units = each([&](const Unit& u) { return u.near_zero / of_unit; });
  g.near_one_of_units = each([&](const Unit& u) { return u.near_one / of_unit; });
  g.near_zero = g.near_one = 0;
  for (const Unit& u : of_units_) {
    g.near_zero += u.near_zero / all;
    g.near_one += u.near_one / all;
  }
  g.time_scale_of_units = each([&](const Unit& u) { return 1 / std::abs(u.logs / of_unit); });
  g.time_scales = detail::quartiles_of(g.time_scale_of_units);
  return g;
}

void check_gate_options(const Drive& drive, const GateOptions& o) {
  if (o.bins < 1) throw ValueError("gates: a histogram has at least one bin, not " + std::to_string(o.bins));
  if (!(o.margin > 0 && o.margin <= .5))
    throw ValueError("gates: the margin of saturation is above 0 and at most .5, not " + std::to_string(o.margin));
  if (o.warm_up < 0 || o.warm_up >= drive.steps())
    throw ValueError("gates: a warm-up of " + std::to_string(o.warm_up) + " steps leaves none of " +
                     std::to_string(drive.steps()));
}

/// Runs the output, which may name values too.
void take_output(const Cell& cell, const Array& x, const Array& state) {
  const Tape tape{{.dtype = f64}};
  const NoGrad off;
  cell.output(constant(x), as_state(cell, constant(state)));
}

using Values = std::function<void(const std::string& name, const Array& values, bool by_row)>;

/// Runs the cell and passes the named values of each step after the warm-up, in float64.
void each_named(const Cell& cell, const Drive& drive, const Array& start, const GateOptions& o, const Values& use) {
  for (Trajectory s(cell, drive, start, o.at); !s.ended();) {
    const int t = s.time();
    if (t < o.warm_up) {
      s.advance();
      continue;
    }
    const Watch seen;
    const detail::WatchRun run(nullptr);
    run.step(s.rows());  // the output belongs to the step, and a value without rows is recognised
    const Array x = drive.at(t);
    s.advance();
    take_output(cell, x, s.state());
    for (const std::string& name : seen.names()) {
      const Array values = seen[name][0].to(f64).compact();  // [B, ...] or [...]
      if (!all_finite(values))
        throw ValueError("gates: the value '" + name + "' of cell " + cell.name() + " is infinite or NaN at step " +
                         std::to_string(t));
      use(name, values, values.rank() > 0 && values.dim(0) == s.rows());
    }
  }
}

}  // namespace

std::vector<GateSummary> gates(const Cell& cell, const Drive& drive, const Array& start, const GateOptions& o) {
  check_gate_options(drive, o);
  std::map<std::string, Tally> tallies;
  each_named(cell, drive, start, o, [&](const std::string& name, const Array& values, bool by_row) {
    if (values.size() > 0) tallies.try_emplace(name, values, by_row, o).first->second.add(values);
  });
  bool again = false;
  for (auto& [name, tally] : tallies) again = tally.widen() || again;
  if (again)
    each_named(cell, drive, start, o, [&](const std::string& name, const Array& values, bool) {
      if (const auto found = tallies.find(name); found != tallies.end()) found->second.count_again(values);
    });
  std::vector<GateSummary> result;
  for (const auto& [name, tally] : tallies) result.push_back(tally.summary(name));
  return result;
}

}  // namespace ebb
