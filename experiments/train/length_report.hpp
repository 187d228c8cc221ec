#pragma once
#include <ebb/experiments/cli/job.hpp>
#include <ebb/experiments/train/lengths.hpp>

namespace ebb::app {

/// The tests at several lengths of the runs of a command, as a figure and a table in the report, lengths.csv, and
/// values in the summary: runs/SEED/lengths/LENGTH.
class LengthReport {
 public:
  /// `group`: the cell, whose colour the line of a single run has. `trained`: the greatest length of training.
  void add(std::uint64_t seed, const std::string& group, int trained, LengthTest);
  /// Nothing if no run was tested at any length.
  void report(Job&) const;

 private:
  struct Run {
    std::uint64_t seed;
    std::string group;
    LengthTest test;
  };
  const LengthTest& longest() const;
  std::string finding() const;
  std::string csv() const;
  std::string name_of(const Run&) const;
  std::string group_of(const Run&) const;
  Plot plot() const;
  Table table() const;
  void summarise(Summary&) const;
  std::vector<Run> runs_;
  int trained_ = 0;
};

/// "accuracy at length 40: 100 %, 80: 99.2 %"; empty if there is none.
std::string lengths_text(const LengthTest&);
/// The test of a run at the lengths that lengths_of_tests finds, printed.
LengthTest tested_at_lengths(Job&, const Model&, const Task&, const TaskSettings&, std::uint64_t seed,
                             const std::vector<std::string>& words);

}  // namespace ebb::app
