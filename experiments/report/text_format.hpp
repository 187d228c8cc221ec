#pragma once
#include <string>
#include <vector>

namespace ebb::app {

/// A line of `width` block characters for values between low and high: "█▇▅▃▁ ". Values below low are blank.
std::string spark(const std::vector<double>& numbers, double low, double high, int width);
/// The text in exactly `width` columns of a terminal, truncated or padded with spaces; counts characters, not bytes.
std::string fit(const std::string& text, int width, bool right = false);
/// "3.2e-24", "0.0031", "12.5", "-∞": at most four digits. "–" for NaN: not known.
std::string number_text(double);
/// "10⁻²³·⁵": a power of ten with the given number of decimals; the number itself, "0.9714", where that would be 10⁰ or
/// is 0, ∞ or not known.
std::string power_text(double exponent, int decimals);
/// Broken into lines of at most `width` columns, at spaces.
std::vector<std::string> wrapped(const std::string& text, int width);
/// Nine digits, or nan, inf or -inf, in the form that read_csv accepts.
std::string csv_text(double);
/// A text in quotes, as a field of CSV (RFC 4180).
std::string csv_quoted(const std::string& text);
/// "13,505"
std::string count_text(double);
/// "1 update", "13,505 updates"
std::string count_text(double, const char* noun);
/// As a cell of a Markdown table, or in its text: on one line, without bars that end the cell or tags of HTML.
std::string markdown_text(const std::string& text);
/// A time that is not exact, with its unit: "38 s", "6 min", "1.7 h".
std::string rough_time_text(double seconds);
/// "a", "a and b", "a, b and c"
std::string enumerated(const std::vector<std::string>& words);
/// "1.5 MB"
std::string bytes_text(double);

}  // namespace ebb::app
