#pragma once
#include <ebb/experiments/cli/append_file.hpp>
#include <ebb/experiments/studies/observe/measure.hpp>
#include <ebb/experiments/train/train.hpp>
#include <optional>

/// Measures of `ebb observe` taken while a model is trained (`ebb train --observe`), without effect on the training.
namespace ebb::app::observe {

/// The options of `ebb train` that choose them.
struct OverTrainingOptions {
  std::vector<std::string> measures;
  std::optional<int> every, length, rows;

  void declare(Options&);
  bool any() const { return !measures.empty(); }
  /// Updates between measurements: by default twenty in a run.
  int interval(const TaskSettings&) const;
  /// By default T of training, between 20 and 200 steps, of 2 sequences.
  Amount amount(const TaskSettings&) const;
  /// Before any work: tries each measure on a few steps.
  /// Errors    ValueError naming a measure and why it cannot be taken of this model, or an option without --observe
  void check(const Task&, const Model&, const std::string& cell, const TaskSettings&) const;

  /// The names of these options: they do not affect a run's other results.
  static std::vector<std::string> names() { return {"observe", "every", "observe-length", "observe-rows"}; }
};

/// One measurement.
struct TrainingRecord {
  int update = 0;
  double time = 0;  ///< seconds since 1970
  std::string measure;
  Values values{};
  std::string failed{};  ///< why there are no values; empty if there are

  std::string line() const;  ///< JSON, without a line break
  /// Errors    FileError if it has not this form
  static TrainingRecord parse(const std::string& line);
};

/// The measurements of one run so far.
struct TrainingRecords {
  std::string name;    ///< of the run, to tell several apart: "seed 1"
  std::string driven;  ///< "2 sequences of 100 steps of the validation split of chars"
  int every = 0;
  std::vector<TrainingRecord> all{};
};

/// Takes the measurements of one run and writes each as soon as it is complete: a JSON object per line, all numbers as
/// CSV, and those worth following as TensorBoard events. A run that is killed leaves what it has measured.
class OverTraining {
 public:
  /// The names of its three files, below the folder of the run; their folders exist.
  struct Files {
    std::string lines, csv, events;
  };
  /// Task and model must outlive it. With `done` updates of an earlier process, continues its files: measurements of
  /// later updates, which will be made again, are dropped.
  /// Errors    FileError if a file cannot be written, or its lines have another form
  OverTraining(const OverTrainingOptions&, const Task&, const Model&, const std::string& cell, const TaskSettings&,
               Files, TrainingRecords& to, int done);
  /// Measures, unless that was done for this update. A measure that fails is recorded with its reason; one that Ctrl-C
  /// ends is not recorded.
  void take(int update);

 private:
  void keep(TrainingRecord);
  Subject subject_;
  Amount amount_;
  std::vector<std::pair<std::string, std::unique_ptr<const Measure>>> measures_;
  TrainingRecords& to_;
  std::optional<AppendFile> lines_, csv_, events_;
};

/// Adds a section with all runs to the page, and all values to the summary.
void add_training(Job&, const std::vector<TrainingRecords>&);

}  // namespace ebb::app::observe
