#pragma once
#include <ebb/experiments/studies/study.hpp>
#include <ebb/experiments/train/event_log.hpp>

namespace ebb::app::study {

/// One training of a study as a TensorBoard event file, tensorboard/VARIANT/seed-N/, with the settings of the variant.
class TrialLog {
 public:
  TrialLog(Job&, const Task&, std::string variant, std::string cell, const TaskSettings&, std::uint64_t seed);
  /// Opens the file. `before`: the curve so far of a training that is continued; `started`: seconds since 1970.
  void begin(const std::vector<CurvePoint>& before, double started);
  /// Takes histograms of the weights and gradients; the model must outlive the training.
  void watch(TrainKeeper&, const Model&);
  void add(const CurvePoint& p) { log_->add(p); }
  void end(const EventLog::End& e) { log_->end(e); }

 private:
  Job& job_;
  std::string path_, measure_;
  const TaskSettings settings_;
  RunNotes notes_;
  std::unique_ptr<EventLog> log_;
};

/// Curves of a training that has ended, by tag, in the same place: for one with a loop of its own.
void keep_curves(Job&, const std::string& variant, std::uint64_t seed,
                 const std::vector<std::pair<std::string, Curve>>&);

/// Writes an event file below tensorboard/ of the job's folder: `writer` receives its path.
void keep_below_tensorboard(Job&, const std::string& folder,
                            const std::function<void(const std::string& path)>& writer);

/// A name of a file or folder for a text such as "rnn:recurrent=orthogonal".
std::string folder_name(const std::string& text);

double seconds_since_1970();

}  // namespace ebb::app::study
