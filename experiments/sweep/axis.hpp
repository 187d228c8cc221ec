#pragma once
#include <optional>
#include <string>
#include <vector>

/// `ebb sweep`: many runs of `ebb train`, which differ in some options.
namespace ebb::app::sweep {

/// Numbers from low to high.
struct Range {
  double low = 0, high = 1;
  bool log = false;
  int count = 0;  ///< of the values in a grid; 0: not given
};

/// An option that a sweep varies, and its values: words, or the numbers of a range.
struct Axis {
  std::string option;                ///< without dashes: "lr"
  std::vector<std::string> words{};  ///< empty for a range
  std::optional<Range> range{};
  bool whole = false;  ///< the option takes whole numbers only, to which those of a range are rounded

  /// Whether all values are numbers.
  bool is_number() const;
  bool is_log() const;  ///< the values are drawn better on a logarithmic axis
};

/// The axes of "cell=rnn,lstm,gru; lr=1e-4:1e-2:log:5". Values are a list, or LOW:HIGH[:log][:COUNT].
///
/// Errors    ValueError naming the axis and what is wrong: no value, a value or an option that occurs twice, a range
///           that does not rise, a logarithmic range from 0 or below, a count below 2
std::vector<Axis> parse_axes(const std::string& text);

/// The values in a grid: the words, or COUNT numbers at equal distances (of their logarithms) from LOW to HIGH. Those
/// between the ends are rounded to four digits, and whole ones that become equal occur once.
///
/// Errors    ValueError for a range without a count
std::vector<std::string> grid_values(const Axis&);

/// The value at a share from 0 to below 1 of the axis: each word takes an equal part, and so does each number of a
/// range (or its logarithm), rounded to four digits; the count of a range has no effect.
std::string value_at(const Axis&, double share);

/// The number, NaN if the text is none.
double number_of(const std::string&);

}  // namespace ebb::app::sweep
