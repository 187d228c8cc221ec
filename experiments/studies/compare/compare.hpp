#pragma once
#include <ebb/experiments/cli/parts.hpp>
#include <ebb/experiments/studies/differences.hpp>
#include <ebb/experiments/train/train_fields.hpp>
#include <ebb/ops/parallel.hpp>
#include <set>

/// The data shared by the files of `ebb compare`: what is held equal, runs of each variant, the differences between
/// them, costs by length.
namespace ebb::app::compare {

/// Trained parameters of a model: those in embedding tables whose size does not depend on the width, which are the same
/// for all cells, and the others.
struct Weights {
  std::int64_t counted = 0, tables = 0;
};
/// Names of those tables.
std::set<std::string> tables_of(const Task&, TaskSettings);
Weights weights_of(const Model&, const std::set<std::string>& tables);

/// The smallest width of a cell, of which the others are multiples: for a Transformer, its number of heads.
/// Errors    ValueError if there is none up to 256: the cell's error for a width of 1
int least_width(const std::string& cell, TaskSettings);
/// The multiple of `step` at which the number of weights, given by `at` and increasing with the width, is closest to a
/// budget.
///
/// Cost      about 2 log2(width / step) calls
int width_for(std::int64_t budget, int step, const std::function<std::int64_t(int)>& at);

/// What --equal holds equal between the models. `weights` and `flops` choose the width of each, `seconds` the number of
/// its updates, at the widths of `weights`.
enum class Equal { weights, flops, seconds };

/// The cost of an update.
struct UpdateCost {
  double flops = 0;    ///< of matrix products and convolutions, forward and backward, on the first batch
  double seconds = 0;  ///< CPU time of batch, gradient and optimiser on one thread, median without the first
  void visit(Fields& f) { f("flops", flops)("seconds", seconds); }
};
/// Makes `updates` updates from the initial weights or, if that is 0, as many as fit into half a second, at least five.
UpdateCost cost_of_update(const Task&, const std::string& cell, const TaskSettings&, int updates);

struct Results;
/// For each cell, the width at which a model of the task has about as many weights as the budget or, for Equal::flops,
/// as many flops in an update.
///
/// Errors    ValueError naming the task, if its network has no recurrence, or one whose width has no effect
std::vector<int> equal_widths(const Results&, const Task&, const TaskSettings&, const std::vector<std::string>& cells);

/// CPU time of this thread, which does not depend on other load of the machine.
double thread_seconds();

/// During its lifetime, this thread does all its work itself, so that thread_seconds() measures all of it.
class OneThread {
 public:
  OneThread() { set_threads(1); }
  ~OneThread() { set_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_ = threads();
};

/// One training run with one seed.
struct Trial {
  std::uint64_t seed = 1;
  bool begun = false;
  TrainRecord training{};
  std::vector<double> seconds{};  ///< thread_seconds since training began, after each update
  double quality = 0;             ///< on the test split, by the task's measure; NaN if it diverged or failed
  double loss = 0;                ///< on the test split, in the task's unit
  std::string failed{};           ///< empty, or the error that ended this run only
  bool ok() const { return begun && failed.empty() && training.diverged.empty(); }
  void visit(Fields& f) {
    f("seed", seed)("begun", begun)("training", training)("seconds", seconds)("quality", quality)("loss", loss);
  }
};

struct Variant;
/// Trains and tests it, unless an earlier process has; an exception is stored with the trial, so that the others
/// continue.
///
/// Returns   the measure of quality; nothing if that is the loss, or the trial failed
std::optional<Measure> run_trial(Parts&, const Task&, const Variant&, Trial&);

/// A cell with one embedding and one direction; all seeds.
struct Variant {
  std::string name, cell, embedding, direction;  ///< the last two are empty if the task has no such choice
  TaskSettings settings{};
  Weights weights{};
  UpdateCost update{};  ///< before training; seconds only for Equal::seconds
  std::vector<Trial> trials{};
};

/// The trials that can be averaged: those that were completed or, if there are none, those that were interrupted.
std::vector<const Trial*> comparable(const Variant&);

/// Mean of the finite values, with the smallest and the largest; NaN if there is none.
struct Mean {
  double mean, low, high;
  int count;
};
Mean mean_of(const std::vector<double>&);
Mean quality_of(const Variant&);
Mean seconds_an_update(const Variant&);    ///< from the median of each run, excluding validation
Mean seconds_of_training(const Variant&);  ///< of all updates of each run, excluding validation
double kept_bytes(const Variant&);

/// The definition of quality: the task's measure or its loss, its baseline, and the validation level to be reached.
struct Goal {
  Measure measure{};  ///< without a value
  double level = 0;   ///< NaN if nothing beat the baseline
  bool reached(double valid) const { return measure.rises ? valid >= level : valid <= level; }
};
/// Nine tenths of the way from the baseline to the best mean over seeds of the best validation, unless `target` is
/// finite.
Goal goal_of(const Measure&, const std::vector<Variant>&, double target);
Mean seconds_to(const Goal&, const Variant&);  ///< over the seeds that reached it, including validation
Mean updates_to(const Goal&, const Variant&);

/// The cost of one forward and backward pass over generated sequences of the given length.
struct Cost {
  int length = 0;
  double seconds = 0, kept = 0;  ///< CPU time on one thread; bytes on the tape
  std::string skipped{};         ///< empty, or why it was not measured
  void visit(Fields& f) { f("length", length)("seconds", seconds)("kept", kept)("skipped", skipped); }
};
struct CellCost {
  std::string cell{};
  int hidden = 0;
  std::vector<Cost> costs{};
  void visit(Fields& f) { f("cell", cell)("hidden", hidden)("costs", costs); }
};
/// Measures the longer lengths only if their memory, extrapolated from the shorter ones, stays below `most_bytes`.
///
/// Shapes    x [T, rows, 32], outputs [T, rows, H]; loss: mean square
CellCost cost_by_length(const std::string& cell, const TaskSettings&, const std::vector<int>& lengths, int rows,
                        double most_bytes, const std::function<bool()>& enough, const std::function<void(int)>& done);
/// Free memory in bytes of this machine, or of this process's control group.
double free_memory();

/// All results, for the report.
struct Results {
  std::string task, data;
  TaskInfo info;
  Equal equal = Equal::weights;
  std::int64_t budget = 0;  ///< weights or, for Equal::flops, flops of an update
  double seconds = 0;       ///< of a run's updates, for Equal::seconds
  std::vector<Variant> variants{};
  Goal goal{};
  study::Comparison quality{};  ///< the task's measure, by seed
  int rows = 0;
  std::vector<CellCost> costs{};
};

/// Gives every variant as many updates as the first one's take seconds, by the costs of an update that were measured.
void share_seconds(Results&);

bool first_near(const Results&);  ///< the first of each cell are within a tenth of the budget
bool all_near(const Results&);    ///< so are the others, with other embeddings and directions
/// "no width is closer to 7,522. ", if that is so of the first of a cell; otherwise empty.
std::string off_text(const Results&, const Variant&);
std::string section_title(const Results&);  ///< "At equal parameter counts"
std::string held_text(const Results&);      ///< "About 7,522 trained weights each"
/// What is held equal, by which means, and what is measured, as sentences.
std::string measured_text(const Results&);
std::string announcement(const Results&);  ///< for the terminal, before training
/// The column of the terminal's table that says how it was held equal: weights, flops or updates.
std::string held_name(const Results&);
std::string held_entry(const Results&, const Variant&);
std::string flops_text(double);  ///< "12.3 M"

/// The variants compared by the task's measure.
study::Comparison quality_of(const Results&);

std::string table_text(const Results&);  ///< for a terminal of 80 columns, with the findings
std::string cost_text(const Results&);
void add_to_summary(Job&, const Results&);
void write_curves(Job&, const Results&);  ///< curves.csv, lengths.csv
void add_to_report(Job&, const Results&);

}  // namespace ebb::app::compare
