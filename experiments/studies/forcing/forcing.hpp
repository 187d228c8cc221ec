#pragma once
#include <cmath>
#include <ebb/experiments/cli/job.hpp>
#include <ebb/experiments/train/task.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/params.hpp>

/// What `ebb forcing` learns, between its parts: a forecast of the next number that lives on the truth or on itself.
namespace ebb::app::forcing {

/// How all ways are practised.
struct Practice {
  std::string data = "mackey-glass", column, cell = "lstm";
  int hidden = 32, context = 50, horizon = 50, free = 200, batch = 32, steps = 2000;
  double lr = 5e-3, half = .5;
  bool through = false;
};

/// One step of the forecast: the next number from this one.
struct Forecaster {
  Params w;
  CellPtr cell;
  Linear out;
  Forecaster(const Practice&, std::uint64_t seed);
};

/// Root mean squared errors by step after the context, in deviations of the series: 1 is always saying the mean.
struct Errors {
  std::vector<double> forced{}, free{};
  static double over(const std::vector<double>& by_step, int steps);  ///< of the first so many steps together
};

struct WayRun {
  bool begun = false, done = false;
  std::string diverged{};  ///< empty, or where
  std::vector<double> update{}, loss{};
  Errors errors{};
};
struct Way {
  std::string name;
  std::vector<WayRun> runs{};  ///< by seed
};

std::unique_ptr<Task> series_of(const Practice&);

/// Probability of the true number after so many updates; Bengio's schedules are set so that it is 1/2 after the share
/// `half` of them.
double truth(const std::string& way, int update, int updates, double half);

/// Forecasts of x[1 .. T] from x[0 .. T - 1]; from the context's end on a row's input is the number before it if its
/// coin (drawn with probability p) says so, else the forecast of it.
///
/// Shapes    x [T, B, 1]; forecasts [B, T]
Var forecasts(const Forecaster&, const Var& x, int context, double p, bool through, const StepContext&);

void train(Forecaster&, const Task&, const Practice&, const std::string& way, std::uint64_t seed, WayRun&,
           const std::function<void(double loss)>& watch);

struct Limit {
  int batches = 1 << 30, rows = 1 << 30;
};
Errors test(const Forecaster&, const Task&, const Practice&, Limit);

void add_to_report(Job&, const std::vector<Way>&, const Practice&, const std::string& data);
void add_to_summary(Job&, const std::vector<Way>&, const Practice&, const std::string& data);

}  // namespace ebb::app::forcing
