#pragma once
#include <cmath>
#include <ebb/experiments/studies/study.hpp>
#include <ebb/experiments/train/task.hpp>
#include <ebb/experiments/train/train.hpp>

/// What `ebb clip` learns, between its parts.
namespace ebb::app::clip_study {

/// How the gradient is held in check: as a whole by its norm, number by number, or not at all.
struct Rule {
  std::string name;
  double bound = 0;
  bool by_value = false;
};

/// What one seed came to under one rule.
struct Clipping {
  TrainRecord training{};
  std::vector<double> after{};    ///< norms after clipping, by update
  std::vector<double> cosines{};  ///< between the gradient before and after, of the updates that were clipped
  double loss = NAN;              ///< on the test split; NaN if the run diverged or was not begun
  bool begun = false;
};

/// What a rule came to over all seeds.
struct Outcome {
  Rule rule;
  std::vector<Clipping> runs{};  ///< by seed

  std::vector<double> each(
      const std::function<double(const Clipping&)>&) const;  ///< of those that are alike (study.hpp)
  int begun() const;
  int diverged() const;
  int learnt(double baseline) const;  ///< a tenth below it
  study::Spread loss() const;
  double share() const;    ///< of all updates, those that were clipped
  double clipped() const;  ///< updates of a run
  double largest() const;  ///< norm before clipping
  double middle() const;   ///< median of it, over updates and seeds
  double least_cosine() const;
};

void add_to_report(Job&, const std::vector<Outcome>&, const TaskInfo&, const std::string& settings);
/// Also norms.csv, every update.
void add_to_summary(Job&, const std::vector<Outcome>&, const TaskInfo&, const std::string& data);

}  // namespace ebb::app::clip_study
