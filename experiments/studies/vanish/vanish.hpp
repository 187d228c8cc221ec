#pragma once
#include <algorithm>
#include <cmath>
#include <ebb/experiments/cli/fields.hpp>
#include <ebb/experiments/cli/job.hpp>
#include <ebb/experiments/studies/differences.hpp>
#include <ebb/experiments/studies/why.hpp>
#include <ebb/experiments/train/gradient_profile.hpp>
#include <ebb/experiments/train/train.hpp>
#include <exception>
#include <mutex>

namespace ebb::app {
class Parts;
}  // namespace ebb::app

/// The data shared by the files of `ebb vanish`: runs, results of a cell (all seeds), results of a task (all cells).
namespace ebb::app::vanish {

/// Gradients against the lag at some updates of a run, from the first to the last: mean and standard deviation of ln
/// norm over rows.
struct Profiles {
  std::vector<int> updates{};            ///< after which they were measured; increasing
  std::vector<double> mean{}, spread{};  ///< [updates, lags + 1], row by row
  std::vector<int> rows{};               ///< by lag

  std::size_t lags() const { return rows.size(); }  ///< from 0 on
  void add(int update, const LagNorms&);            ///< nothing if this update was measured before
  /// Those of the last update up to this one: a run that ended early keeps its last. Null before the first.
  const double* at(int update) const;
  template <class A> void visit(A& a) { a("updates", updates)("mean", mean)("spread", spread)("rows", rows); }
};

/// One cell trained on one task with one seed, with its gradients measured before and after.
struct Run {
  std::uint64_t seed = 1;
  bool begun = false;
  GradientNorms init{}, trained{};                           ///< trained is empty if the run diverged or failed
  std::optional<study::Evidence> why_init{}, why_trained{};  ///< measured with the gradients
  double loss_before = 0, loss = 0;  ///< on the test split, in the task's unit; NaN if the run diverged or failed
  TrainRecord training{};
  Profiles during{};     ///< of the whole state that is measured, while it is trained
  std::string failed{};  ///< empty, or the error that ended this run only
  double seconds = 0;    ///< training, measuring and testing, with the measurement of the initial weights
  std::int64_t weights = 0;
};

/// What was measured of a cell's initial weights, which do not depend on its remedy.
struct Initial {
  std::once_flag measured{};
  GradientNorms norms{};
  std::optional<study::Evidence> why{};
  double loss = 0, seconds = 0;
  std::exception_ptr error{};  ///< that ended it
};

/// A run as a part of the job's results (cli/parts.hpp).
void visit(Fields&, Run&);

struct Decays {
  std::string field;  ///< h, c, ..., or "layer 1", ...; empty: all of several together
  Decay init{}, trained{};
  Estimate init_rate{NAN, NAN}, trained_rate{NAN, NAN};  ///< their slopes, with the error of the section "Why"
  std::string name() const;                              ///< "whole state", "dh", "layer 1"
};

struct CellResult {
  std::string cell;              ///< with its remedy, if it has one
  std::string base{}, remedy{};  ///< the cell alone; the remedy, or "none"
  std::vector<Run> runs{};       ///< by seed
  std::vector<Decays> decays{};  ///< over rows and seeds: of the whole state, and of each field if there are several
  /// The runs that can be averaged: those that were completed or, if there are none, those that were interrupted.
  std::vector<const Run*> comparable() const;
  double mean(double (*of)(const Run&)) const;  ///< over these; NaN if there is none
  bool diverged() const;
  bool failed() const;
};

struct TaskResult {
  std::string name, data;
  TaskInfo info;
  TaskSettings settings;
  int lags = 0, rows = 0;                        ///< the largest lag, and the sequences that are measured
  std::map<std::string, std::string> options{};  ///< that the task declares, with their values in JSON
  bool squared_error = true;                     ///< is the loss, and so spans decades
  std::vector<CellResult> cells{};
  study::Comparison losses{};   ///< of the cells, on the test split; empty without training
  std::vector<int> columns{};   ///< lags at which the tables show the gradient, if several were asked for
  int length = 0;               ///< T, steps that the recurrence reads in training; 0: that of the settings
  bool own_lengths = false;     ///< sequences have lengths of their own
  int layer = 0;                ///< of several, the one that is measured; 0: all
  std::string recurrence{};     ///< the scope of its weights in a task's own network
  int every = 0, map_rows = 0;  ///< updates between the profiles of the map, and their sequences; 0: no map

  int steps() const { return length > 0 ? length : settings.length; }
  /// The lag of the verdict.
  int far() const { return columns.empty() ? std::min(100, lags) : columns.back(); }
  std::vector<int> shown() const { return columns.empty() ? std::vector{far()} : columns; }
};

/// What is measured of a task: its sequences, for all cells and seeds alike.
struct Measured {
  std::unique_ptr<Task> task;
  ProfileRows rows, map_rows;
};

double loss_of(const Run&);
double loss_before_of(const Run&);
double seconds_of(const Run&);
double speed_of(const Run&);
double updates_of(const Run&);
double clips_of(const Run&);
double weights_of(const Run&);
double kept_of(const Run&);

/// Pools rows and seeds of each cell into its decays: initial ones of all runs that began, trained ones of comparable
/// runs.
void settle(CellResult&);
/// The cells compared by their loss on the test split. Empty without training.
study::Comparison losses_of(const TaskResult&);
/// ln of norm(lag) / norm(1), as measured: -inf where the gradient is zero, NaN if the lag was not measured.
double fallen(const Decay&, int lag);
/// ln of the largest and smallest norm that a plot of this task has to show, at most 40 decades apart.
std::pair<double, double> scale_of(const TaskResult&);

/// What the gradient does over the steps of a training sequence, in a word for tables: "12.3" steps of half-life,
/// "steady", "unclear", "grows" or "–".
std::string half_life_text(const Estimate& rate, int length);

/// The settings of a run of this cell: those of the task, with its remedy.
TaskSettings settings_of(const TaskResult&, const CellResult&);
/// The name of a run among the parts of the job: "adding, lstm + clip:1, seed 3".
std::string part_name(const TaskResult&, const CellResult&, const Run&);
/// One cell, one task, one seed: measures, trains, measures, tests; or takes what an earlier process did.
void make_run(Parts&, const Measured&, const TaskResult&, const CellResult&, Run&, Initial&);
/// What is measured of the gradients with respect to all fields: those of the layer that was chosen, or of all.
GradientNorms chosen_norms(const TaskResult&, const GradientNorms&);
/// "layer 2 of 2", "all 2 layers"; empty for one layer.
std::string layers_text(const TaskResult&);

bool has_remedies(const TaskResult&);
/// Whether a remedy, such as clip, takes the place of --clip.
bool replaces_clip(const std::string& remedy);
/// A table of what each remedy does, printed and in the report, and the exponents in the summary.
void show_remedies(Job&, const TaskResult&);

void add_to_summary(Job&, const TaskResult&);
void write_series(Job&, const std::vector<TaskResult>&);  ///< gradients.csv, training.csv
std::string table_text(const TaskResult&);                ///< for a terminal of 80 columns
std::string lags_text(const TaskResult&);                 ///< the gradient at several lags, likewise; empty for one
std::string updates_text(const TaskResult&);              ///< "at most 2,500 updates"
std::string verdict(const TaskResult&);                   ///< what was found, in a few sentences
void add_to_report(Job&, const TaskResult&);
/// The gradient against the lag during training: a heat map for each cell, its rows the updates. None without maps.
std::vector<HeatMap> maps_of(const TaskResult&);
void write_maps(Job&, const std::vector<TaskResult>&);  ///< gradients-in-training.csv
/// The section "Why" of the page, and its sentences in the summary.
void add_why(Job&, const TaskResult&);

}  // namespace ebb::app::vanish
