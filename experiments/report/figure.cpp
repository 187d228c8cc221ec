#include <fmt/format.h>
#include <algorithm>
#include <cctype>
#include <cmath>
#include <ebb/experiments/report/colour_scale.hpp>
#include <ebb/experiments/report/figure.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/lower_case.hpp>
#include <functional>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

namespace ebb::app {
namespace {

using nlohmann::json;

// The digits of the CSV file, whose numbers the page's own button saves too.
json rounded(double x) {
  if (!std::isfinite(x)) return nullptr;
  return json::parse(csv_text(x));
}

// Infinities as words.
json rounded(const std::vector<double>& all) {
  json list = json::array();
  for (const double x : all) list.push_back(std::isinf(x) ? json(csv_text(x)) : rounded(x));
  return list;
}

// One table: a row for each x, and [low, y, high] for each line; the n-th point of a line at one x is in the n-th row
// of that x. A line without a point there has nulls; [null, null, null, "nan"], or "inf", "-inf", interrupts it.
json rows_of(const std::vector<Series>& series) {
  std::map<std::pair<double, int>, std::vector<json>> rows;
  for (std::size_t k = 0; k < series.size(); ++k) {
    std::map<double, int> points_at;
    for (std::size_t i = 0; i < series[k].x.size(); ++i) {
      if (!std::isfinite(series[k].x[i])) continue;
      auto& row = rows[{series[k].x[i], points_at[series[k].x[i]]++}];
      row.resize(series.size());
      const double y = series[k].y[i];
      const bool band = i < series[k].low.size() && i < series[k].high.size();
      row[k] = {rounded(band ? series[k].low[i] : y), rounded(y), rounded(band ? series[k].high[i] : y)};
      if (!std::isfinite(y)) row[k] = {nullptr, nullptr, nullptr, csv_text(y)};
    }
  }
  json table = json::array();
  for (auto& [at, row] : rows) {
    json line = json::array();  // braces around a single json would be a copy for some compilers
    line.push_back(rounded(at.first));
    for (auto& entry : row) line.push_back(entry.is_null() ? json({nullptr, nullptr, nullptr}) : entry);
    table.push_back(std::move(line));
  }
  return table;
}

/// Why there is nothing to draw; empty if a value is finite.
std::string nothing_in(const std::vector<const std::vector<double>*>& all) {
  std::map<std::string, int> found;
  for (const auto* list : all)
    for (const double x : *list) {
      if (std::isfinite(x)) return {};
      ++found[std::isnan(x) ? "not a number" : number_text(x)];
    }
  if (found.empty()) return all.empty() ? "" : "Nothing to draw: there are no values.";
  std::string text;
  for (const auto& [what, count] : found) {
    const std::string number = text.empty() ? count_text(count, "value") : count_text(count);
    text +=
        fmt::format("{}{} {} {}", text.empty() ? "Nothing to draw: " : ", ", number, count == 1 ? "is" : "are", what);
  }
  return text + ".";
}

/// Heights at which a line is drawn, without those that are not.
std::vector<double> heights_of(const Series& s, bool log) {
  std::vector<double> heights;
  for (const double y : s.y)
    if (const double h = log ? std::log(y) : y; std::isfinite(h)) heights.push_back(h);
  return heights;
}

/// Where the labels of lines that look alike stand, on the page and by gnuplot: "ends"; "peaks" if all lines end at one
/// height, as histograms do at zero, and each rises well above that somewhere between its ends; "none" if there are too
/// many for the height of a figure. How far labels are moved apart depends on the size, the zoom and the lines that are
/// shown, and is left to both.
std::string place_of_labels(const Plot& p) {
  constexpr std::size_t most = 16;
  constexpr double one_height = .02, well_above = .1;  // of the range of all lines
  std::vector<std::vector<double>> lines;
  for (const Series& s : p.series)
    if (!s.label.empty() && !s.dots)
      if (std::vector<double> heights = heights_of(s, p.log_y); !heights.empty()) lines.push_back(std::move(heights));
  if (lines.size() > most) return "none";
  if (lines.size() < 2) return "ends";
  double low = INFINITY, high = -INFINITY, lowest_end = INFINITY, highest_end = -INFINITY;
  for (const auto& line : lines) {
    low = std::min(low, *std::min_element(line.begin(), line.end()));
    high = std::max(high, *std::max_element(line.begin(), line.end()));
    lowest_end = std::min(lowest_end, line.back());
    highest_end = std::max(highest_end, line.back());
  }
  const auto has_peak = [&](const std::vector<double>& line) {
    return *std::max_element(line.begin(), line.end()) >
           std::max(line.front(), line.back()) + well_above * (high - low);
  };
  const bool together = highest_end - lowest_end <= one_height * (high - low);
  return together && std::all_of(lines.begin(), lines.end(), has_peak) ? "peaks" : "ends";
}

json series_of(const Series& s, Palette& palette) {
  const Style style = palette.of(s.group.empty() ? s.name : s.group);
  const Hue& hue = hues()[static_cast<std::size_t>(style.hue)];
  return {{"name", s.name},
          {"group", s.group.empty() ? s.name : s.group},
          {"label", s.label},
          {"colour", style.hue},
          {"light", hue.light},
          {"dark", hue.dark},
          {"dash", dash_pattern(style.dash, s.dashed)},
          {"marker", markers()[static_cast<std::size_t>(style.marker)]},
          {"dashed", s.dashed},
          {"dots", s.dots},
          {"beads", s.beads},
          {"band", !s.low.empty() && !s.high.empty()},
          {"thin", s.thin},
          {"outside", s.outside}};
}

// In quotes where it needs them.
std::string csv_word(const std::string& word) {
  return word.find_first_of(",\"\n\r") == std::string::npos ? word : csv_quoted(word);
}

void check_grid(const HeatMap& m) {
  if (m.x.empty() || m.y.empty() || m.values.size() != m.x.size() * m.y.size())
    throw Error(fmt::format("heat map '{}': {} values do not fill a grid of {} x {}", m.title, m.values.size(),
                            m.y.size(), m.x.size()));
  for (const auto* axis : {&m.x, &m.y})
    if (!std::is_sorted(axis->begin(), axis->end(), std::less_equal<>{}))
      throw Error(
          fmt::format("heat map '{}': the values of its {} axis do not increase", m.title, axis == &m.x ? "x" : "y"));
}

/// Least and greatest finite value, NaN if there is none.
std::pair<double, double> extent_of(const HeatMap& m) {
  std::pair<double, double> of{NAN, NAN};
  for (const double v : m.values)
    if (std::isfinite(v)) of = {std::fmin(of.first, v), std::fmax(of.second, v)};
  return of;
}

/// The ends of the scale; about zero, if that is in the middle.
std::pair<double, double> colour_range(const HeatMap& m, bool diverging) {
  auto [low, high] = extent_of(m);
  if (!std::isnan(m.low)) low = m.low;
  if (!std::isnan(m.high)) high = m.high;
  if (std::isnan(low) || std::isnan(high)) return {0, 1};
  const double most = std::max(high, -low);
  return diverging ? std::pair{-most, most} : std::pair{low, high};
}

bool straddles_zero(const HeatMap& m) {
  const auto finite_below = [](double v) { return std::isfinite(v) && v < 0; };
  const auto finite_above = [](double v) { return std::isfinite(v) && v > 0; };
  return std::any_of(m.values.begin(), m.values.end(), finite_below) &&
         std::any_of(m.values.begin(), m.values.end(), finite_above);
}

/// The ends of an axis; 0 and 1 if it has no value.
std::pair<double, double> ends_of(const ParallelPlot& p, std::size_t axis) {
  const auto& words = p.axes[axis].words;
  if (!words.empty()) return {0, static_cast<double>(words.size()) - 1};
  std::pair<double, double> ends{NAN, NAN};
  for (const auto& row : p.rows)
    if (axis < row.values.size() && std::isfinite(row.values[axis]))
      ends = {std::fmin(ends.first, row.values[axis]), std::fmax(ends.second, row.values[axis])};
  return std::isnan(ends.first) ? std::pair{0., 1.} : ends;
}

json finite_of(const std::vector<double>& values) {
  json list = json::array();
  for (const double x : values) list.push_back(rounded(x));
  return list;
}

std::string word_of(const ParallelPlot::Axis& axis, double x) {
  const bool is_word = x >= 0 && x < static_cast<double>(axis.words.size());
  return is_word ? csv_word(axis.words[static_cast<std::size_t>(x)]) : csv_text(x);
}

std::string dumped(const json& j) { return j.dump(-1, ' ', false, json::error_handler_t::replace); }

}  // namespace

std::string id_of(const std::string& title) {
  std::string id;
  for (const char c : ebb::detail::lower_case(title)) {
    const auto u = static_cast<unsigned char>(c);
    if (u < 0x80 && std::isalnum(u)) id += c;
    else if (!id.empty() && id.back() != '-') id += '-';
  }
  while (!id.empty() && id.back() == '-') id.pop_back();
  return id.empty() ? "figure" : id;
}

Figure figure_of(const Plot& p, const std::string& id, Palette& palette) {
  std::vector<Series> all = p.series;
  all.insert(all.end(), p.marks.begin(), p.marks.end());
  std::vector<std::string> names;
  std::vector<const std::vector<double>*> ordinates;
  for (const Series& s : p.series) {
    names.push_back(s.group.empty() ? s.name : s.group);
    ordinates.push_back(&s.y);
  }
  palette.add(names);
  json series = json::array();
  for (const Series& s : p.series) series.push_back(series_of(s, palette));
  for (const Series& s : p.marks) series.push_back({{"name", s.name}, {"mark", true}});
  const json spec = {{"id", id},
                     {"kind", "lines"},
                     {"title", p.title},
                     {"finding", p.finding},
                     {"caption", p.caption},
                     {"x", p.x_label},
                     {"y", p.y_label},
                     {"logX", p.log_x},
                     {"logY", p.log_y},
                     {"equal", p.equal},
                     {"wholeBands", p.whole_bands},
                     {"labels", place_of_labels(p)},
                     {"nothing", nothing_in(ordinates)},
                     {"series", series},
                     {"rows", rows_of(all)}};
  std::string csv = "series,x,y,low,high\n";
  for (const Series& s : all)
    for (std::size_t i = 0; i < s.x.size(); ++i) {
      const bool band = i < s.low.size() && i < s.high.size();
      fmt::format_to(std::back_inserter(csv), "{},{},{},{},{}\n", csv_word(s.name), csv_text(s.x[i]), csv_text(s.y[i]),
                     band ? csv_text(s.low[i]) : "", band ? csv_text(s.high[i]) : "");
    }
  return {id, p.title, dumped(spec), csv};
}

Figure figure_of(const HeatMap& m, const std::string& id) {
  check_grid(m);
  const bool diverging = m.diverging && straddles_zero(m);
  const auto [low, high] = colour_range(m, diverging);
  const auto scale = diverging ? diverging_scale() : sequential_scale();
  const json spec = {{"id", id},
                     {"kind", "heat"},
                     {"title", m.title},
                     {"finding", m.finding},
                     {"caption", caption_of(m)},
                     {"nothing", nothing_in({&m.values})},
                     {"x", m.x_label},
                     {"y", m.y_label},
                     {"value", m.value_label},
                     {"xs", rounded(m.x)},
                     {"ys", rounded(m.y)},
                     {"values", rounded(m.values)},
                     {"scale", std::vector<std::string>(scale.begin(), scale.end())},
                     {"low", rounded(low)},
                     {"high", rounded(high)}};
  std::string csv = "x,y,value\n";
  for (std::size_t k = 0; k < m.values.size(); ++k)
    fmt::format_to(std::back_inserter(csv), "{},{},{}\n", csv_text(m.x[k % m.x.size()]), csv_text(m.y[k / m.x.size()]),
                   csv_text(m.values[k]));
  return {id, m.title, dumped(spec), csv};
}

Figure figure_of(const ParallelPlot& p, const std::string& id) {
  if (p.axes.size() < 2) throw Error(fmt::format("'{}': parallel axes are at least two", p.title));
  json axes = json::array(), rows = json::array();
  for (std::size_t k = 0; k < p.axes.size(); ++k) {
    const auto [low, high] = ends_of(p, k);
    axes.push_back({{"name", p.axes[k].name},
                    {"words", p.axes[k].words},
                    {"log", p.axes[k].log && low > 0},
                    {"low", rounded(low)},
                    {"high", rounded(high)}});
  }
  std::vector<double> last;
  std::string csv = "name";
  for (const auto& axis : p.axes) csv += "," + csv_word(axis.name);
  for (const auto& row : p.rows) {
    if (row.values.size() != p.axes.size())
      throw Error(fmt::format("'{}': the row '{}' does not have a value for each axis", p.title, row.name));
    rows.push_back({{"name", row.name}, {"values", finite_of(row.values)}});
    last.push_back(row.values.back());
    csv += "\n" + csv_word(row.name);
    for (std::size_t k = 0; k < row.values.size(); ++k) csv += "," + word_of(p.axes[k], row.values[k]);
  }
  const auto scale = sequential_scale();
  const json spec = {{"id", id},
                     {"kind", "parallel"},
                     {"title", p.title},
                     {"finding", p.finding},
                     {"caption", p.caption},
                     {"nothing", nothing_in({&last})},
                     {"axes", axes},
                     {"rows", rows},
                     {"best", p.best ? json(*p.best) : json(nullptr)},
                     {"lowIsBest", p.low_is_best},
                     {"scale", std::vector<std::string>(scale.begin(), scale.end())}};
  return {id, p.title, dumped(spec), csv + "\n"};
}

std::string caption_of(const HeatMap& m) {
  bool nan = false, infinite = false;
  for (const double v : m.values) {
    nan = nan || std::isnan(v);
    infinite = infinite || std::isinf(v);
  }
  if ((!nan && !infinite) || m.caption.find("Blank") != std::string::npos) return m.caption;
  return fmt::format("{}{}Blank: {}.", m.caption, m.caption.empty() ? "" : " ",
                     nan && infinite ? "infinite or not a number"
                     : nan           ? "not a number"
                                     : "infinite");
}

void share_scale(std::vector<HeatMap>& maps) {
  if (maps.size() < 2) return;
  constexpr double least_share = .1;
  double low = NAN, high = NAN, narrowest = INFINITY;
  for (const HeatMap& m : maps) {
    const auto [least, most] = extent_of(m);
    if (std::isnan(least)) continue;
    low = std::fmin(low, least);
    high = std::fmax(high, most);
    narrowest = std::min(narrowest, most - least);
  }
  const bool one = narrowest >= least_share * (high - low);
  for (HeatMap& m : maps) {
    if (one) {
      m.low = low;
      m.high = high;
    }
    m.caption += one ? " All of these maps have the same scale of colours."
                     : " Each of these maps has a scale of colours of its own: their ranges differ too much for one.";
  }
}

}  // namespace ebb::app
