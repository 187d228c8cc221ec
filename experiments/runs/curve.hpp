#pragma once
#include <cstdint>
#include <ebb/experiments/train/train.hpp>
#include <string>
#include <vector>

namespace ebb::app::runs {

/// A learning curve in a run's folder: curve.csv, or curve-<seed>.csv.
struct CurveFile {
  std::string path;
  std::uint64_t seed = 0;
  bool of_several = false;  ///< its name has the seed
};
/// By seed. `first_seed` is that of a run with one.
std::vector<CurveFile> curve_files(const std::string& folder, std::uint64_t first_seed = 1);

/// Every complete line of a curve; the last one is left out if a process that was killed, or that still runs, has not
/// completed it.
///
/// Errors    FileError with the line if the file is not a curve of `ebb train`
std::vector<CurvePoint> read_curve(const std::string& path);

/// Whether a file begins as a learning curve, and ends as one: with an update, of this number unless that is 0.
///
/// Cost      reads both ends of the file only
/// Errors    FileError with the reason
void check_curve(const std::string& path, int updates = 0);

/// The last update, and the last validation within the last lines; NaN if they have none.
struct CurveEnd {
  int step = 0;
  double loss = 0, valid = 0;
};
/// Cost      reads the end of the file only
CurveEnd end_of_curve(const std::string& path);

}  // namespace ebb::app::runs
