#pragma once
#include <string>
#include <vector>

namespace ebb::app {

/// Series of equal length, for training and testing forecasts.
struct SeriesSplit {
  std::vector<std::vector<double>> series;  ///< converted to float32 only after subtracting the mean
  std::vector<std::vector<double>> more{};  ///< further columns that are read with the one series, likewise
};

struct SeriesData {
  SeriesSplit train, valid, test;
  bool one = false;                 ///< all splits are segments of one series in time; rows are segments of it
  std::string source, column{};     ///< the data, and the column of a CSV file
  std::vector<std::string> more{};  ///< names of the further columns
};

/// dx/dt = .2 x(t - 17) / (1 + x(t - 17)^10) - .1 x, one value per unit of time, after discarding 500.
///
/// Numerics  Runge-Kutta of order 4 in steps of .1; the delayed value between two steps is their mean
/// Source    Mackey & Glass 1977, doi:10.1126/science.267326
SeriesData mackey_glass(int train, int others, int length);

/// The first coordinate of the Lorenz equations (10, 28, 8/3), one value every .05 units of time.
///
/// Source    Lorenz 1963, doi:10.1175/1520-0469(1963)020<0130:DNF>2.0.CO;2
SeriesData lorenz(int train, int others, int length);

/// The first coordinate of the Henon map, x' = 1 - 1.4 x^2 + y, y' = .3 x, after discarding 100.
///
/// Source    Henon 1976, doi:10.1007/BF01608556
SeriesData henon(int train, int others, int length);

/// A column of a CSV file, by default the last: the first 80 % for training, then 10 % each for validation and test. In
/// a file without a header, columns are numbered from 0; such a file is recognised by a number in the first line of
/// that column. `inputs` are further columns, separated by commas, or "all" others; may be empty.
/// Errors    FileError with line and column; ValueError if it is too short, or if `inputs` names a column twice, or the
///           one that is forecast
SeriesData csv_series(const std::string& path, const std::string& column, const std::string& inputs);

}  // namespace ebb::app
