#pragma once
#include <ebb/experiments/cli/job.hpp>
#include <ebb/experiments/studies/observe/over_training.hpp>
#include <ebb/experiments/train/run_log.hpp>

namespace ebb::app {

/// The files of one seed of `ebb train` that grow with the run, so that a run that is killed leaves them too.
class RunFiles {
 public:
  RunFiles(Job& job, std::uint64_t seed) : job_(job), seed_(seed) {}
  /// "weights", or "weights-2" if there are several seeds.
  std::string name(const std::string& what) const;
  std::string checkpoint() const { return job_.folder() + "/" + name("checkpoint"); }

  /// Curve and events. `before`: of a run that is resumed; `started`: seconds since 1970.
  std::unique_ptr<RunLog> log(double started, const std::vector<CurvePoint>& before, const Task&) const;
  /// The measurements of --observe. `done`: updates of a run that is resumed.
  void observe(std::optional<observe::OverTraining>&, observe::TrainingRecords& to, const observe::OverTrainingOptions&,
               const Task&, const Model&, const std::string& cell, const TaskSettings&, int done) const;

 private:
  std::string events(const std::string& below) const;
  RunNotes notes(const Task&) const;
  Job& job_;
  const std::uint64_t seed_;
};

}  // namespace ebb::app
