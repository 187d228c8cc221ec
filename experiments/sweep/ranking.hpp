#pragma once
#include <ebb/experiments/sweep/plan.hpp>

namespace ebb::app::sweep {

/// Mean and sample standard deviation of the finite values.
struct Spread {
  double mean = NAN, deviation = 0;
  int count = 0;
  /// "2.312 ± 0.012" of at least three values; "2.312 (n = 2)"; "2.312" of one; "–" of none.
  std::string text() const;
};
Spread spread_of(const std::vector<double>&);

/// The runs of one configuration. Only those that ended count: one that was stopped cannot be compared, and one that
/// diverged has no validation.
struct ConfigurationResult {
  std::size_t configuration = 0;  ///< index
  std::vector<double> by_seed{};  ///< validation of runs that ended; NaN where there is none
  std::vector<double> tests{};    ///< loss on the test split, likewise
  Spread valid{}, test{};
  int diverged = 0, failed = 0, stopped = 0;  ///< runs
  int updates = 0;                            ///< of the run that was trained for the shortest time
  Spread last{};                              ///< the last validation of all runs, also of those that were stopped
  bool whole() const { return diverged + failed + stopped == 0; }  ///< every run ended
};

/// Those that are comparable: if successive halving stopped some, only the others.
std::vector<const ConfigurationResult*> comparable(const Plan&, const std::vector<ConfigurationResult>&);

/// The best first, by mean validation: those of which every run ended come before the others.
std::vector<ConfigurationResult> ranking_of(const Plan&, const std::vector<TrialResult>&);

}  // namespace ebb::app::sweep
