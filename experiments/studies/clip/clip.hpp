#pragma once
#include <cmath>
#include <ebb/experiments/studies/study.hpp>
#include <ebb/experiments/train/task.hpp>
#include <ebb/experiments/train/train_fields.hpp>

/// The data shared by the files of `ebb clip`.
namespace ebb::app::clip_study {

/// How the gradient is clipped: as a whole by its norm, by value, or not at all.
struct Rule {
  std::string name;
  double bound = 0;
  bool by_value = false;
};

/// The run of one seed with one rule.
struct Clipping {
  TrainRecord training{};
  std::vector<double> after{};    ///< norms after clipping, by update
  std::vector<double> cosines{};  ///< between the gradient before and after clipping, for clipped updates
  double loss = NAN;              ///< on the test split; NaN if the run diverged or was not started
  bool begun = false;
  void visit(Fields& f) { f("training", training)("after", after)("cosines", cosines)("loss", loss)("begun", begun); }
};

/// The runs of one rule over all seeds.
struct Outcome {
  Rule rule;
  std::vector<Clipping> runs{};  ///< by seed

  std::vector<double> each(const std::function<double(const Clipping&)>&) const;  ///< of comparable runs (study.hpp)
  int begun() const;
  int diverged() const;
  int learned(double baseline) const;  ///< a tenth below it
  study::Spread loss() const;
  double share() const;    ///< fraction of clipped updates
  double clipped() const;  ///< clipped updates per run
  double largest() const;  ///< norm before clipping
  double middle() const;   ///< median norm, over updates and seeds
  double least_cosine() const;
};

void add_to_report(Job&, const std::vector<Outcome>&, const TaskInfo&, const std::string& settings);
/// Also norms.csv, every update.
void add_to_summary(Job&, const std::vector<Outcome>&, const TaskInfo&, const std::string& data);

}  // namespace ebb::app::clip_study
