#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/cli/options.hpp>
#include <ebb/experiments/sweep/axis.hpp>
#include <ebb/ops/number.hpp>

namespace ebb::app::sweep {
namespace {

constexpr int most_values = 10'000;

std::vector<std::string> parts_of(const std::string& text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(separator, at), text.size());
    const std::size_t first = text.find_first_not_of(" \t", at), last = text.find_last_not_of(" \t", end - 1);
    parts.push_back(first >= end ? "" : text.substr(first, last - first + 1));
    at = end + 1;
  }
  return parts;
}

[[noreturn]] void reject(const std::string& axis, const std::string& why) {
  throw ValueError(fmt::format("--grid {}: {}", axis, why));
}

/// LOW:HIGH[:log][:COUNT]; nothing if it does not begin with two numbers, as a cell with options does not.
std::optional<Range> range_of(const std::string& text) {
  std::vector<std::string> parts = parts_of(text, ':');
  if (parts.size() < 2) return std::nullopt;
  Range r{.low = number_of(parts[0]), .high = number_of(parts[1])};
  if (std::isnan(r.low) || std::isnan(r.high)) return std::nullopt;
  parts.erase(parts.begin(), parts.begin() + 2);
  if (!parts.empty() && parts[0] == "log") {
    r.log = true;
    parts.erase(parts.begin());
  }
  if (!parts.empty()) {
    try {
      ebb::app::detail::read_option(parts[0], r.count);
    } catch (const ValueError&) { r.count = -1; }
    parts.erase(parts.begin());
  }
  if (!parts.empty() || r.count < 0) r.count = -1;
  return r;
}

void check_range(const std::string& axis, const Range& r) {
  if (r.count < 0) reject(axis, "a range is LOW:HIGH, LOW:HIGH:COUNT, LOW:HIGH:log or LOW:HIGH:log:COUNT");
  if (!(r.low < r.high)) reject(axis, fmt::format("the range must rise, but {} is not below {}", r.low, r.high));
  if (r.log && r.low <= 0) reject(axis, "a logarithmic range must begin above 0");
  if (r.count == 1 || r.count > most_values) reject(axis, fmt::format("COUNT must be from 2 to {}", most_values));
}

void check_words(const std::string& axis, const std::vector<std::string>& words) {
  for (std::size_t k = 0; k < words.size(); ++k)
    for (std::size_t j = 0; j < k; ++j)
      if (words[j] == words[k] || number_of(words[j]) == number_of(words[k]))
        reject(axis, fmt::format("the value {} occurs twice", words[k]));
}

Axis parse_axis(const std::string& text) {
  const std::size_t equals = text.find('=');
  const std::string name = text.substr(0, equals), values = equals == std::string::npos ? "" : text.substr(equals + 1);
  Axis axis{.option = parts_of(name.starts_with("--") ? name.substr(2) : name, '\n').front()};
  if (axis.option.empty() || values.empty())
    reject(text, "expected NAME=VALUES, such as cell=rnn,lstm or lr=1e-4:1e-2:log:5");
  axis.range = range_of(values);
  if (axis.range) {
    check_range(text, *axis.range);
    return axis;
  }
  try {
    ebb::app::detail::read_option(values, axis.words);  // which keeps the options of a cell together
  } catch (const ValueError& e) { reject(text, e.what()); }
  check_words(text, axis.words);
  return axis;
}

std::string word_of(const Axis& axis, double x) {
  if (axis.whole) return fmt::format("{:.0f}", x);
  const double rounded = number_of(fmt::format("{:.4g}", x));
  return fmt::format("{}", std::clamp(rounded, axis.range->low, axis.range->high));
}

double between(const Range& r, double share) {
  if (!r.log) return r.low + share * (r.high - r.low);
  return std::exp(std::log(r.low) + share * (std::log(r.high) - std::log(r.low)));
}

/// A whole number: each of LOW to HIGH, or each logarithm, takes an equal part.
double whole_at(Range r, double share) {
  r.low = std::ceil(r.low);
  const double last = std::floor(r.high);
  r.high = last + 1;
  return std::clamp(std::floor(between(r, share)), r.low, last);
}

}  // namespace

double number_of(const std::string& text) {
  double x = 0;
  return ebb::detail::parse_number(text, x) == ebb::detail::Parsed::finite ? x : NAN;
}

bool Axis::is_number() const {
  return range || std::all_of(words.begin(), words.end(), [](const auto& w) { return !std::isnan(number_of(w)); });
}

// Of listed numbers: if each is about the same multiple of the one before, rather than the same distance from it.
bool Axis::is_log() const {
  if (range) return range->log;
  if (!is_number() || words.size() < 3) return false;
  std::vector<double> x;
  for (const std::string& w : words) x.push_back(number_of(w));
  std::sort(x.begin(), x.end());
  if (x.front() <= 0) return false;
  return x.back() / x[x.size() / 2] > 2 && x[x.size() / 2] / x.front() > 2;
}

std::vector<Axis> parse_axes(const std::string& text) {
  std::vector<Axis> axes;
  for (const std::string& part : parts_of(text, ';')) {
    if (part.empty()) continue;
    axes.push_back(parse_axis(part));
    const auto same = [&](const Axis& a) { return a.option == axes.back().option; };
    if (std::count_if(axes.begin(), axes.end(), same) > 1)
      reject(part, fmt::format("{} is given twice; list its values in one", axes.back().option));
  }
  return axes;
}

std::vector<std::string> grid_values(const Axis& axis) {
  if (!axis.range) return axis.words;
  const Range& r = *axis.range;
  if (r.count == 0)
    throw ValueError(
        fmt::format("--grid {0}={1}:{2}{3}: a grid needs the number of values, such as {0}={1}:{2}{3}:5; "
                    "--random N draws from the range instead",
                    axis.option, r.low, r.high, r.log ? ":log" : ""));
  std::vector<std::string> values;
  for (int k = 0; k < r.count; ++k) {
    const double x = k == 0 ? r.low : k == r.count - 1 ? r.high : between(r, k / (r.count - 1.0));
    const std::string text = (k == 0 || k == r.count - 1) && !axis.whole ? fmt::format("{}", x) : word_of(axis, x);
    if (values.empty() || values.back() != text) values.push_back(text);
  }
  return values;
}

std::string value_at(const Axis& axis, double share) {
  if (axis.range) return word_of(axis, axis.whole ? whole_at(*axis.range, share) : between(*axis.range, share));
  const std::size_t n = axis.words.size();
  return axis.words[std::min(n - 1, static_cast<std::size_t>(share * static_cast<double>(n)))];
}

}  // namespace ebb::app::sweep
