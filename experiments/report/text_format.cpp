#include <fmt/format.h>
#include <algorithm>
#include <cctype>
#include <cmath>
#include <ebb/experiments/report/text_format.hpp>

namespace ebb::app {

std::string spark(const std::vector<double>& numbers, double low, double high, int width) {
  static constexpr const char* blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::string line;
  for (int k = 0; k < width; ++k) {
    const std::size_t n = numbers.size(), columns = static_cast<std::size_t>(width),
                      column = static_cast<std::size_t>(k);
    const std::size_t begin = column * n / columns, end = std::max(begin + 1, (column + 1) * n / columns);
    double sum = 0;
    for (std::size_t i = begin; i < end && i < n; ++i) sum += numbers[i];
    const double mean = begin < n ? sum / static_cast<double>(std::min(end, n) - begin) : low;
    const double share = (mean - low) / (high - low);
    line += blocks[share > 0 ? std::clamp(static_cast<int>(std::ceil(share * 8)), 1, 8) : 0];
  }
  return line;
}

std::string fit(const std::string& text, int width, bool right) {
  std::string cut;
  int columns = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool starts = (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
    if (starts && ++columns > width) break;
    cut += text[at];
  }
  const std::string blanks(static_cast<std::size_t>(std::max(0, width - columns)), ' ');
  return right ? blanks + cut : cut + blanks;
}

std::string number_text(double x) {
  if (std::isnan(x)) return "–";
  if (std::isinf(x)) return x > 0 ? "∞" : "-∞";
  if (x == 0) return "0";
  const double size = std::abs(x);
  if (size < 1e-3 || size >= 1e5) return fmt::format("{:.1e}", x);
  if (size < 1) return fmt::format("{:.4f}", x);
  return fmt::format("{:.{}f}", x, size < 10 ? 3 : size < 100 ? 2 : size < 1000 ? 1 : 0);
}

std::string markdown_text(const std::string& text) {
  std::string out;
  for (std::size_t k = 0; k < text.size(); ++k) {
    const char c = text[k], next = k + 1 < text.size() ? text[k + 1] : ' ';
    const bool tag = c == '<' && (std::isalpha(static_cast<unsigned char>(next)) || next == '/' || next == '!');
    if (tag) out += "&lt;";
    else if (c == '|') out += "\\|";
    else out += c == '\n' || c == '\r' || c == '\t' ? ' ' : c;
  }
  return out;
}

std::string rough_time_text(double seconds) {
  if (seconds < 9.5) return fmt::format("{:.1f} s", std::max(seconds, 0.0));
  if (seconds < 89.5) return fmt::format("{:.0f} s", seconds);
  if (seconds < 89.5 * 60) return fmt::format("{:.0f} min", seconds / 60);
  const double hours = seconds / 3600;
  return hours < 9.95 ? fmt::format("{:.1f} h", hours) : fmt::format("{:.0f} h", hours);
}

std::string csv_quoted(const std::string& text) {
  std::string field = "\"";
  for (const char c : text) field += c == '"' ? std::string("\"\"") : std::string(1, c);
  return field + "\"";
}

// NaN apart, because it may have a sign.
std::string csv_text(double x) { return std::isnan(x) ? "nan" : fmt::format("{:.9g}", x); }

std::string power_text(double exponent, int decimals) {
  static constexpr const char* digits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  const std::string power = fmt::format("{:.{}f}", exponent, decimals);
  if (!std::isfinite(exponent) || power.find_first_not_of("-0.") == std::string::npos)
    return number_text(std::pow(10, exponent));
  std::string text = "10";
  for (const char c : power) text += c == '-' ? "⁻" : c == '.' ? "·" : digits[c - '0'];
  return text;
}

std::vector<std::string> wrapped(const std::string& text, int width) {
  std::vector<std::string> lines{""};
  int columns = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    const int length =
        static_cast<int>(std::count_if(word.begin(), word.end(), [](char c) { return (c & 0xC0) != 0x80; }));
    if (columns > 0 && columns + 1 + length > width) {
      lines.emplace_back();
      columns = 0;
    }
    lines.back() += (columns > 0 ? " " : "") + word;
    columns += length + (columns > 0 ? 1 : 0);
    at = end + 1;
  }
  return lines;
}

std::string count_text(double x) {
  if (!std::isfinite(x)) return "–";
  const std::string digits = fmt::format("{:.0f}", x);
  std::string grouped;
  for (std::size_t k = 0; k < digits.size(); ++k) {
    if (k > 0 && (digits.size() - k) % 3 == 0 && digits[k - 1] != '-') grouped += ',';
    grouped += digits[k];
  }
  return grouped;
}

std::string count_text(double x, const char* noun) {
  return fmt::format("{} {}{}", count_text(x), noun, x == 1 ? "" : "s");
}

std::string enumerated(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t k = 0; k < words.size(); ++k)
    text += (k == 0 ? "" : k + 1 == words.size() ? " and " : ", ") + words[k];
  return text;
}

std::string bytes_text(double bytes) {
  if (!std::isfinite(bytes)) return "–";
  if (bytes < 1e3) return fmt::format("{:.0f} B", bytes);
  if (bytes < 1e6) return fmt::format("{:.1f} kB", bytes / 1e3);
  return bytes < 1e9 ? fmt::format("{:.1f} MB", bytes / 1e6) : fmt::format("{:.1f} GB", bytes / 1e9);
}

}  // namespace ebb::app
