#pragma once
#include <ebb/experiments/runs/curve.hpp>
#include <ebb/experiments/runs/run_record.hpp>
#include <map>
#include <string>
#include <vector>

namespace ebb::app::runs {

/// What other tools call a run: one seed of a run of Ebb, with its learning curve; or all of a command that has no
/// curves.
struct Trial {
  std::string run, name;  ///< "gru" and, of several seeds, "gru/seed-2"
  std::string folder;     ///< of the run
  std::string id;         ///< 32 hexadecimal digits that depend on folder and seed only: exporting again replaces
  std::string status;
  std::string command{}, validated_by = "loss", host{}, note{};
  std::vector<std::string> tags{};
  double started = 0, ended = 0;           ///< seconds since 1970; 0 if unknown
  std::map<std::string, Value> options{};  ///< of the command line, by their names there
  std::map<std::string, double> results{};
  std::map<std::string, Value> about{};  ///< version, commit, machine, ...
  std::vector<CurvePoint> curve{};
  std::string events{};  ///< folder of its TensorBoard events; empty if it has none
};

/// One for each seed. Errors: FileError if a file of the run is damaged
std::vector<Trial> trials_of(const RunRecord&);

/// The numbers of an update, by the names that `ebb train` gives them in TensorBoard: train/loss, valid/accuracy, ...
/// Those that are not finite are left out.
std::vector<std::pair<std::string, double>> scalars_of(const Trial&, const CurvePoint&);

}  // namespace ebb::app::runs
