#pragma once
#include <string>
#include <vector>

namespace ebb::app {

/// A line of block characters, `width` of them, for numbers between low and high: "█▇▅▃▁ ". Below low is blank.
std::string spark(const std::vector<double>& numbers, double low, double high, int width);
/// The text on exactly `width` columns of a terminal, cut or filled with blanks; counts characters, not bytes.
std::string fit(const std::string& text, int width, bool right = false);
/// "3.2e-24", "0.0031", "12.5", "-": at most four digits.
std::string number_text(double);
/// "10⁻²³·⁵" for a power of ten with so many decimals.
std::string power_text(double exponent, int decimals);
/// Cut into lines of at most `width` columns, at blanks.
std::vector<std::string> wrapped(const std::string& text, int width);
/// Nine digits, or nan, inf or -inf, each spelled in the one way in which read_csv takes it.
std::string csv_text(double);
/// "13,505"
std::string count_text(double);
/// "1.5 MB"
std::string bytes_text(double);

}  // namespace ebb::app
