#pragma once
#include <ebb/experiments/statistics/difference.hpp>

namespace ebb::app::statistics {

/// What was measured of each run.
struct Quantity {
  std::string name;    ///< "accuracy"
  std::string unit{};  ///< "%", "nats/step"; may be empty
  bool rises = true;   ///< higher is better
};

/// What a comparison shows, in words.
///
///     const Findings f = findings({{"gru", {{1, 1.53}, {2, 1.55}}}, {"lstm", {{1, 1.56}, {2, 1.57}}}},
///                                 {"loss", "nats", false});
///     for (const std::string& sentence : f.sentences) job.report.text(sentence);
///     job.report.note(f.note);
struct Findings {
  std::optional<std::size_t> best{};      ///< the group with the best mean over the seeds that all completed
  std::vector<Difference> differences{};  ///< of the pairs, in their order
  /// Which group is best and, for each other one that it was paired with, whether that is shown; then what was left
  /// out. Empty for fewer than two groups.
  std::vector<std::string> sentences{};
  std::string note{};  ///< how intervals and p-values were made
};

/// Compares all pairs of groups, or the given ones.
Findings findings(const std::vector<Group>&, const Quantity&);
Findings findings(const std::vector<Group>&, const Quantity&,
                  const std::vector<std::pair<std::size_t, std::size_t>>& pairs);

/// "gru is below lstm by 0.016 nats (95 % interval 0.004 to 0.028, 5 seeds, t)."
/// "No difference shown with 3 seeds: gru is below lstm by 0.016 nats (95 % interval -0.028 to 0.060, t); about 12
/// seeds would show the difference seen."
std::string sentence(const Difference&, const std::vector<Group>&, const Quantity&);
/// "2 of 15 runs are left out: 1 diverged, 1 stopped." Empty if none is.
std::string left_out_text(const std::vector<Group>&);
/// How the intervals and p-values of these differences were made.
std::string method_text(const std::vector<Difference>&);

/// "0.016 nats", "1.3 points" for %, with two significant digits of the interval's half-width.
std::string amount_text(const Difference&, const Quantity&);
/// "0.004 to 0.028"; empty without an interval.
std::string interval_text(const Interval&);
/// "0.031", "< 0.001"; empty if it is not known.
std::string p_text(double p);

}  // namespace ebb::app::statistics
