#pragma once
#include <string>
#include <vector>

namespace ebb::app {

/// Series side by side, each of one length: what a forecast learns from, or is tested on.
struct SeriesSplit {
  std::vector<std::vector<double>> series;  ///< narrowed only once their mean is taken off
};

struct SeriesData {
  SeriesSplit train, valid, test;
  bool one = false;              ///< all splits are stretches of one series in time: rows are pieces of it
  std::string source, column{};  ///< what was read, and of a CSV file which column
};

/// dx/dt = .2 x(t - 17) / (1 + x(t - 17)^10) - .1 x, one number a unit of time, after 500 that are left out.
///
/// Numerics  Runge-Kutta of order 4 in steps of .1, the delayed value between two steps as their mean
/// Source    Mackey & Glass 1977, doi:10.1126/science.267326
SeriesData mackey_glass(int train, int others, int length);

/// The first coordinate of Lorenz's equations (10, 28, 8/3), one number each .05 of a unit of time.
///
/// Source    Lorenz 1963, doi:10.1175/1520-0469(1963)020<0130:DNF>2.0.CO;2
SeriesData lorenz(int train, int others, int length);

/// A column of a CSV file, the last one unless named: its first 80 % to learn from, then 10 % each. In a file without a
/// line of names columns are numbered from 0; it is known by a number in the first line of that column.
/// Errors    FileError with line and column; ValueError if it is too short
SeriesData csv_series(const std::string& path, const std::string& column);

}  // namespace ebb::app
