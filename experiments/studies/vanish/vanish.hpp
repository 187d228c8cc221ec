#pragma once
#include <cmath>
#include <ebb/experiments/cli/job.hpp>
#include <ebb/experiments/studies/why.hpp>
#include <ebb/experiments/train/gradient_profile.hpp>
#include <ebb/experiments/train/train.hpp>
#include <exception>
#include <mutex>

/// The data shared by the files of `ebb vanish`: runs, results of a cell (all seeds), results of a task (all cells).
namespace ebb::app::vanish {

/// One cell trained on one task with one seed, with its gradients measured before and after.
struct Run {
  std::uint64_t seed = 1;
  bool begun = false;
  GradientNorms init{}, trained{};                           ///< trained is empty if the run diverged or failed
  std::optional<study::Evidence> why_init{}, why_trained{};  ///< measured with the gradients
  double loss_before = 0, loss = 0;  ///< on the test split, in the task's unit; NaN if the run diverged or failed
  TrainRecord training{};
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

struct Decays {
  std::string field;  ///< h, c, ...; empty: all of several together
  Decay init{}, trained{};
  Estimate init_rate{NAN, NAN}, trained_rate{NAN, NAN};  ///< their slopes, with the error of the section "Why"
  std::string name() const { return field.empty() ? "whole state" : "d" + field; }
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
  int lags = 0, rows = 0;
  std::map<std::string, std::string> options{};  ///< that the task declares, with their values in JSON
  bool squared_error = true;                     ///< is the loss, and so spans decades
  std::vector<CellResult> cells{};
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
/// ln of norm(lag) / norm(1), as measured: -inf where the gradient is zero, NaN if the lag was not measured.
double fallen(const Decay&, int lag);
/// ln of the largest and smallest norm that a plot of this task has to show, at most 40 decades apart.
std::pair<double, double> scale_of(const TaskResult&);

/// What the gradient does over the steps of a training sequence, in a word for tables: "12.3" steps of half-life,
/// "steady", "unclear", "grows" or "–".
std::string half_life_text(const Estimate& rate, int length);

/// The settings of a run of this cell: those of the task, with its remedy.
TaskSettings settings_of(const TaskResult&, const CellResult&);
bool has_remedies(const TaskResult&);
/// Whether a remedy, such as clip, takes the place of --clip.
bool replaces_clip(const std::string& remedy);
/// A table of what each remedy does, printed and in the report, and the exponents in the summary.
void show_remedies(Job&, const TaskResult&);

void add_to_summary(Job&, const TaskResult&);
void write_series(Job&, const std::vector<TaskResult>&);  ///< gradients.csv, training.csv
std::string table_text(const TaskResult&);                ///< for a terminal of 80 columns
std::string updates_text(const TaskResult&);              ///< "at most 2,500 updates"
std::string verdict(const TaskResult&);                   ///< in a sentence or two
void add_to_report(Job&, const TaskResult&);
/// The section "Why" of the page, and its sentences in the summary.
void add_why(Job&, const TaskResult&);

}  // namespace ebb::app::vanish
