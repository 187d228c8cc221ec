#pragma once
#include <cmath>
#include <ebb/experiments/cli/fields.hpp>
#include <ebb/experiments/cli/job.hpp>
#include <ebb/experiments/train/task.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/params.hpp>

/// The data shared by the files of `ebb forcing`: a forecaster of the next value that reads true values or its own
/// forecasts.
namespace ebb::app::forcing {

/// The settings that all variants share.
struct Practice {
  std::string data = "mackey-glass", column, cell = "lstm";
  int hidden = 32, context = 50, horizon = 50, free = 200, batch = 32, steps = 2000;
  double lr = 5e-3, half = .5;
  bool through = false;
};

/// One step of the forecast: the next value from this one.
struct Forecaster {
  Params w;
  CellPtr cell;
  Linear out;
  Forecaster(const Practice&, std::uint64_t seed);
};

/// Root mean squared errors by step after the context, in standard deviations of the series: 1 is the error of always
/// predicting the mean.
struct Errors {
  std::vector<double> forced{}, free{};
  static double over(const std::vector<double>& by_step, int steps);  ///< over the given number of first steps
  void visit(Fields& f) { f("forced", forced)("free", free); }
};

struct WayRun {
  bool begun = false, done = false;
  std::string diverged{};  ///< empty, or where
  std::vector<double> update{}, loss{};
  Errors errors{};
  void visit(Fields& f) {
    f("begun", begun)("done", done)("diverged", diverged)("update", update)("loss", loss)("errors", errors);
  }
};
struct Way {
  std::string name;
  std::vector<WayRun> runs{};  ///< by seed
};

/// Errors    those of make_task; ValueError if a column is given and the data have none
std::unique_ptr<Task> series_of(const Practice&);

/// Probability of reading the true value after the given number of updates; Bengio's schedules are set so that it is
/// 1/2 after the fraction `half` of them.
double truth(const std::string& way, int update, int updates, double half);

/// Forecasts of x[1 .. T] from x[0 .. T - 1]; after the context, a row's input is the true value with probability p,
/// and otherwise the forecast of it.
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
