#pragma once
#include <ebb/experiments/cli/job.hpp>
#include <ebb/experiments/train/train.hpp>
#include <ebb/ops/parallel.hpp>
#include <set>

/// What `ebb compare` learns, between its parts: widths of equal weights, runs of each variant, costs by length.
namespace ebb::app::compare {

/// Trained numbers of a model: in tables of embeddings that no width changes, so that all cells have them alike, and in
/// all else.
struct Weights {
  std::int64_t counted = 0, tables = 0;
};
/// Names of those tables.
std::set<std::string> tables_of(const Task&, TaskSettings);
Weights weights_of(const Model&, const std::set<std::string>& tables);

/// The least width that a cell can have, of which the others are multiples: as many as a Transformer has heads.
/// Errors    ValueError if there is none up to 256: what the cell says of a width of 1
int least_width(const std::string& cell, TaskSettings);
/// The multiple of `step` at which the weights, counted by `at` and growing with the width, come nearest to a budget.
///
/// Cost      about 2 log2(width / step) calls
int width_for(std::int64_t budget, int step, const std::function<std::int64_t(int)>& at);

struct Results;
/// By cell, the width at which a model of the task has about as many weights as the results' budget.
///
/// Errors    ValueError naming the task, if its network has no recurrence, or one whose width says nothing
std::vector<int> equal_widths(const Results&, const Task&, const TaskSettings&, const std::vector<std::string>& cells);

/// Processor time of this thread: what else the machine does has no bearing on it.
double thread_seconds();

/// While it lives, this thread does all its work itself, so that thread_seconds() has all of it.
class OneThread {
 public:
  OneThread() { set_threads(1); }
  ~OneThread() { set_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_ = threads();
};

/// One training from one seed.
struct Trial {
  std::uint64_t seed = 1;
  bool begun = false;
  TrainRecord training{};
  std::vector<double> seconds{};  ///< thread_seconds since training began, after each update
  double quality = 0;             ///< on the test split, by the task's measure; NaN if it diverged or failed
  double loss = 0;                ///< on the test split, in the task's unit
  std::string failed{};           ///< empty, or the error that ended this run, and only this one
  bool ok() const { return begun && failed.empty() && training.diverged.empty(); }
};

struct Variant;
/// Trains and tests it; what it throws is kept with it, so that the others go on.
///
/// Returns   what the quality is a measure of; nothing if that is the loss, or it failed
std::optional<Measure> run_trial(Job&, const Task&, const Variant&, Trial&);

/// A cell with one embedding and one direction; all seeds.
struct Variant {
  std::string name, cell, embedding, direction;  ///< the last two empty where the task has no such choice
  TaskSettings settings{};
  Weights weights{};
  std::vector<Trial> trials{};
};

/// The trials that can stand in one mean: those that came to an end of their own; before any did, those that were
/// interrupted.
std::vector<const Trial*> alike(const Variant&);

/// Mean over those of the numbers that are finite, with the least and the largest; NaN if there is none.
struct Mean {
  double mean, low, high;
  int count;
};
Mean mean_of(const std::vector<double>&);
Mean quality_of(const Variant&);
Mean seconds_an_update(const Variant&);  ///< the median of each run's, validation left out
double kept_bytes(const Variant&);

/// What quality is: the task's measure or its loss, what a guess gets, and the level of validation that is to be
/// reached.
struct Goal {
  Measure measure{};  ///< without a value
  double level = 0;   ///< NaN if nothing beat the guess
  bool reached(double valid) const { return measure.rises ? valid >= level : valid <= level; }
};
/// Nine tenths of the way from the guess to the best mean over seeds of the best validation, unless `target` is a
/// number.
Goal goal_of(const Measure&, const std::vector<Variant>&, double target);
Mean seconds_to(const Goal&, const Variant&);  ///< over the seeds that reached it, validation included
Mean updates_to(const Goal&, const Variant&);

/// One forward and backward pass over made-up numbers of so many steps.
struct Cost {
  int length = 0;
  double seconds = 0, kept = 0;  ///< of the processor, on one thread; bytes on the tape
  std::string skipped{};         ///< empty, or why it was not measured
};
struct CellCost {
  std::string cell;
  int hidden = 0;
  std::vector<Cost> costs{};
};
/// Measures the longer lengths only if their memory, foretold from the shorter ones, stays below `most_bytes`.
///
/// Shapes    x [T, rows, 32], outputs [T, rows, H]; loss: mean square
CellCost cost_by_length(const std::string& cell, const TaskSettings&, const std::vector<int>& lengths, int rows,
                        double most_bytes, const std::function<bool()>& enough, const std::function<void(int)>& done);
/// Bytes that this machine, or the group this process is in, can still give.
double free_memory();

/// All of it, for the report.
struct Results {
  std::string task, data;
  TaskInfo info;
  std::int64_t budget = 0;
  std::vector<Variant> variants{};
  Goal goal{};
  int rows = 0;
  std::vector<CellCost> costs{};
};
bool equal_weights(const Results&);      ///< with all embeddings and directions; else only with the first of them
bool near_budget(const Results&);        ///< the first of each cell: none is further off the budget than a tenth
std::string table_text(const Results&);  ///< for a terminal of 80 columns
std::string cost_text(const Results&);
void add_to_summary(Job&, const Results&);
void write_curves(Job&, const Results&);  ///< curves.csv, lengths.csv
void add_to_report(Job&, const Results&);

}  // namespace ebb::app::compare
