#include <fmt/format.h>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <ebb/autograd/shards.hpp>
#include <ebb/experiments/atlas/cell_measures.hpp>
#include <ebb/experiments/cli/machine.hpp>
#include <ebb/experiments/cli/one_thread.hpp>
#include <ebb/experiments/cli/run_file.hpp>
#include <ebb/experiments/cli/version.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/losses/loss.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/sequence/step_jacobian.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/observe/fixed_points.hpp>
#include <ebb/observe/gradient_norms.hpp>
#include <ebb/observe/lyapunov.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/random.hpp>
#include <functional>

namespace ebb::app::atlas {
namespace {

constexpr int most_points = 50;  // of a stored curve

/// A cell with the weights of seed 1.
struct NewCell {
  NewCell(const std::string& name, int width, DType type)
      : w({.seed = 1, .dtype = type}), sizes(accepted_sizes(name, {width, width})),
        cell(make_cell(name, w / "cell", sizes)) {}
  Params w;
  CellSizes sizes;
  CellPtr cell;
};

double median(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  return x[x.size() / 2];
}

/// Updates of a cell, whose times are taken.
class TimedUpdates {
 public:
  TimedUpdates(const std::string& name, const Sizes& s)
      : of_(name, s.wide, f32), x_(normal({s.steps, s.rows, of_.sizes.input}, Key{1}, 0, 1)),
        target_(Array::zeros({s.rows, of_.sizes.hidden}, f32)), rows_(s.rows) {}

  void one() {
    const auto begin = std::chrono::steady_clock::now();
    (void)backward(of_.w, {.rows = rows_}, [&](Shard& shard) {
      const Run run = unroll(*of_.cell, shard.sequence(x_), shard.context());
      return shard.mean_rows(squared_error(run.last(), shard.rows(target_)));
    });
    seconds_.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  double time() const { return median({seconds_.begin() + 1, seconds_.end()}); }  // the first one allocates
  double weights() const { return static_cast<double>(of_.w.trained()); }

 private:
  NewCell of_;
  Array x_, target_;
  int rows_;
  std::vector<double> seconds_;
};

// In turn, so that whatever else the machine does concerns both.
void time_updates(CellMeasures& m, const std::string& name, const Sizes& s) {
  const OneThread alone;
  TimedUpdates own{name, s}, lstm{"lstm", s};
  for (int k = 0; k <= s.repeats; ++k) {
    own.one();
    lstm.one();
  }
  m.wide_weights = own.weights();
  m.update = own.time();
  m.relative = own.time() / lstm.time();
}

/// Four digits, which is more than the curve's spread.
double rounded(double x) { return std::isfinite(x) ? std::round(1e4 * x) / 1e4 : x; }

void measure_gradient(CellMeasures& m, const NewCell& n, const Sizes& s) {
  const Array x = normal({s.lags + s.lags / 2, s.sequences, n.sizes.input}, Key{2}, 0, 1, f64);
  const Array readout = normal({n.sizes.hidden}, Key{3}, 0, 1, f64);
  const Array norms = gradient_norms(*n.cell, x, [&](const Var& y, int) { return sum(y * constant(readout)); }, Array(),
                                     {.lags = s.lags});
  m.lag_step = std::max(1, s.lags / most_points);
  for (int lag = 0; lag <= s.lags; lag += m.lag_step) {
    double mean = 0;
    for (int row = 0; row < s.sequences; ++row) mean += (norms.at({lag, row}) - norms.at({0, row})) / s.sequences;
    m.curve.push_back(rounded(mean));
  }
  const Estimate rate = decay_rate(norms);
  m.rate = rate.value;
  m.rate_error = rate.error;
}

void measure_exponents(CellMeasures& m, const NewCell& n, const Sizes& s) {
  const Array x = normal({s.lyapunov_steps, s.sequences, n.sizes.input}, Key{4}, 0, 1, f64);
  const Lyapunov l = lyapunov(*n.cell, x, Array(), {.directions = std::min(s.exponents, m.state)});
  for (const Estimate& e : l.exponents) {
    m.exponents.push_back(rounded(e.value));
    m.errors.push_back(rounded(e.error));
  }
}

void find_fixed_points(CellMeasures& m, const NewCell& n, const Sizes& s) {
  if (m.state > s.most_state)
    throw ValueError(fmt::format("the state has {} numbers, more than {}", m.state, s.most_state));
  const Array x = normal({s.lags, s.sequences, n.sizes.input}, Key{5}, 0, 1, f64);
  const FixedPoints f = fixed_points(*n.cell, Array::zeros({n.sizes.input}, f64),
                                     starts_along(Trajectory(*n.cell, x), s.starts, .1, Key{6}));
  for (const FixedPoint& p : f.points) (p.unstable > 0 ? m.saddles : m.stable) += 1;
  m.manifolds = static_cast<double>(f.manifolds.size());
  m.slow = static_cast<double>(f.slow.size() + f.slow_manifolds.size());
  m.starts = s.starts;
  m.ended_fixed = f.count(DescentEnd::fixed);
  m.unfinished = s.starts - m.ended_fixed - f.count(DescentEnd::slow);
}

}  // namespace

Sizes Sizes::quick() {
  return {.hidden = 6,
          .wide = 8,
          .rows = 4,
          .steps = 10,
          .repeats = 2,
          .lags = 20,
          .sequences = 3,
          .exponents = 4,
          .lyapunov_steps = 60,
          .starts = 6,
          .most_state = 64};
}

double CellMeasures::half_life() const { return std::log(2.0) / -rate; }

void visit(Fields& f, CellMeasures& m) {
  f("cell", m.cell)("about", m.about)("file", m.file)("date", m.date)("version", m.version)("machine", m.machine);
  f("hidden", m.hidden)("wide", m.wide)("state", m.state)("weights", m.weights)("wide_weights", m.wide_weights);
  f("update", m.update)("relative", m.relative)("lag_step", m.lag_step)("curve", m.curve)("rate", m.rate);
  f("rate_error", m.rate_error)("exponents", m.exponents)("errors", m.errors)("stable", m.stable);
  f("saddles", m.saddles)("manifolds", m.manifolds)("slow", m.slow)("starts", m.starts);
  f("ended_fixed", m.ended_fixed)("unfinished", m.unfinished)("missing", m.missing);
}

CellMeasures measure_cell(const std::string& name, const Sizes& s) {
  CellMeasures m{.cell = name,
                 .about = {},
                 .file = {},
                 .date = time_with_zone().substr(0, 10),
                 .version = version_and_commit(),
                 .machine = processor()};
  for (const CellInfo& c : cell_list())
    if (c.name == name_before_options(name)) {
      m.about = c.about;
      m.file = c.file;
    }
  const NewCell n{name, s.hidden, f64};
  m.hidden = n.sizes.hidden;
  m.wide = accepted_sizes(name, {s.wide, s.wide}).hidden;
  m.state = state_size(*n.cell);
  m.weights = static_cast<double>(n.w.trained());
  const auto attempt = [&](const char* what, const std::function<void()>& measure) {
    try {
      measure();
    } catch (const std::exception& e) { m.missing[what] = e.what(); }
  };
  attempt("time", [&] { time_updates(m, name, s); });
  attempt("gradient", [&] { measure_gradient(m, n, s); });
  attempt("exponents", [&] { measure_exponents(m, n, s); });
  attempt("fixed points", [&] { find_fixed_points(m, n, s); });
  return m;
}

}  // namespace ebb::app::atlas
