#pragma once
#include <ebb/experiments/papers/row_training.hpp>
#include <ebb/experiments/sweep/ranking.hpp>

namespace ebb::app::papers {

/// What became of one seed of a row.
struct SeedResult {
  std::uint64_t seed = 1;
  std::string rate{}, command{};    ///< of the experiment's `rates`; "ebb train adding --hidden 130 ..."
  std::string state = "not begun";  ///< as TrialResult::state
  double value = NAN;               ///< of the experiment's measure, on the test split
  std::string unit{};
  int updates = 0;
  double seconds = 0;
  std::vector<std::pair<int, double>> valid{};  ///< by update
  std::string validated_by{};
  std::string record{};  ///< JSON: all measures, options, version and machine

  bool over() const { return state == "ended" || state == "diverged"; }
};

/// Reads what a trial of `ebb train` left in its folder. A file of another form counts as missing. The value is the
/// mean over `lengths`, if there are any.
SeedResult seed_result_of(const std::string& folder, const sweep::TrialResult&, std::uint64_t seed,
                          const std::string& measure, const std::vector<int>& lengths = {});

/// A row, run or not, beside the paper's number.
struct RowResult {
  const Experiment* experiment = nullptr;
  const Row* row = nullptr;
  Words commands{};                 ///< "ebb train adding --hidden 130 ...", one for each rate
  bool run = true;                  ///< false: it would take too long
  double wall = NAN;                ///< estimated seconds of all seeds; NaN: not measured
  std::vector<SeedResult> seeds{};  ///< with several rates, all seeds of one after another

  /// Mean of the measure over the seeds that ended, or the highest or lowest of them; with `solved`, the share of the
  /// seeds that are over, in %.
  double number() const;
  double deviation() const;  ///< over seeds; NaN for fewer than three, with `solved`, or if it is no mean
  int over() const;
  int diverged() const;
  double seconds() const;  ///< mean over the seeds that are over; NaN if none is

  std::string ours() const;        ///< "0.161 ± 0.004"; "80 % (4 of 5)"; "not run: about 3 h"
  std::string each_seed() const;   ///< "0.16, 0.17, diverged"; "lr 1e-3: 0.16, 0.17; lr 1e-2: diverged, 0.2"
  std::string paper() const;       ///< "0.164", "0.16 ± 0.01", "not solved"
  std::string difference() const;  ///< "-0.003 (-1.8 %)"; empty if one of the numbers is missing
  /// "agrees: within 10 %", "differs: not within 10 %", "no verdict: no rule"; of a reduced run "as expected: <= 0.1",
  /// "no verdict on a reduced run"; "not run", "incomplete: 2 of 3 seeds", "no verdict on a toy run"
  std::string verdict(Size) const;

 private:
  double best(const std::vector<double>& values) const;
  bool one_number() const { return experiment->solved || experiment->pick != Pick::mean; }
};

}  // namespace ebb::app::papers
