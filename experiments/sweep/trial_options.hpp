#pragma once
#include <ebb/experiments/cli/options.hpp>
#include <ebb/experiments/sweep/plan.hpp>
#include <ebb/experiments/train/model.hpp>
#include <ebb/experiments/train/task_options.hpp>

namespace ebb::app::sweep {

/// The options of a trial as `ebb train` reads them, without running it: to reject what cannot be trained before the
/// sweep begins.
class TrialOptions {
 public:
  /// `given`: the options of the sweep, of which those of `ebb train` are read. Errors: ValueError of an option
  TrialOptions(const Options& given, Size);
  TrialOptions(const TrialOptions&) = delete;
  TrialOptions& operator=(const TrialOptions&) = delete;

  /// Errors    ValueError naming the option, for a value that is out of range or a name that is not known
  void read(const std::vector<Axis>&, const Configuration&);

  std::unique_ptr<Task> task() const;  ///< Errors: those of the task about its data and sizes
  TaskSettings settings(const Task&) const;
  const std::string& cell() const { return cell_; }

 private:
  detail::OptionEntry* find(const std::string& option) const;
  std::string task_, cell_ = "lstm";
  TaskOptions sizes_;
  Options options_;
  Size size_;
};

/// "lr" for --lr.
std::string bare_name(const detail::OptionEntry&);

/// Why a sweep cannot vary this option of `ebb train`, which it sets itself in every trial; null for any other.
const char* instead_of(const std::string& option);

/// Finds the axes whose option takes whole numbers only. `train` are the options of `ebb train`, which have other
/// values afterwards.
///
/// Errors    ValueError for an axis that is none of them (with the nearest), or that a sweep sets itself
void complete_axes(std::vector<Axis>&, const Options& train);

/// How the task is validated: by the loss, or by a measure, whose direction one batch tells.
Validation validation_of(const Task&, const Model&, const TaskSettings&);

}  // namespace ebb::app::sweep
