#pragma once
#include <ebb/experiments/cli/job.hpp>
#include <ebb/experiments/statistics/finding.hpp>

/// Differences between the variants of a study, as its page and its summary show them.
namespace ebb::app::study {

/// How a run ended that has `begun`, what it `failed` of, and the record of its `training`.
template <class R> statistics::Ended ended(const R& run) {
  using statistics::Ended;
  if (!run.begun) return Ended::not_started;
  if (!run.failed.empty()) return Ended::failed;
  if (!run.training.diverged.empty()) return Ended::diverged;
  return run.training.interrupted ? Ended::stopped : Ended::completed;
}

/// Variants, compared in all pairs.
struct Comparison {
  std::vector<statistics::Group> groups{};
  statistics::Quantity quantity{};
  statistics::Findings findings{};
};
Comparison compared(std::vector<statistics::Group>, const statistics::Quantity&);

/// A row for each pair: mean difference, interval, p-value, and the seeds that would show it.
Table difference_table(const Comparison&);
/// In summary.json, by pair: "lstm - gru".
void set_differences(const Summary::Section&, const Comparison&);

}  // namespace ebb::app::study
