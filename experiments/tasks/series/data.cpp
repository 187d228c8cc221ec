#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <ebb/data/csv.hpp>
#include <ebb/data/csv_record.hpp>
#include <ebb/experiments/cli/options.hpp>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/report/event_file.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/tasks/series/data.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/number.hpp>
#include <ebb/ops/printable.hpp>
#include <ebb/ops/random.hpp>
#include <functional>

namespace ebb::app {
namespace {

/// Generated values are rounded to float32, with which the results of the task were measured.
double published(double x) { return static_cast<double>(static_cast<float>(x)); }

std::vector<double> mackey_glass_series(Key key, int length) {
  constexpr int delay = 170, a_number = 10, warm_up = 500;
  constexpr double h = .1;
  std::vector<double> past;
  for (int k = 0; k <= delay; ++k) past.push_back(1.2 + .2 * (key.uniform(static_cast<std::uint64_t>(k / 10)) - .5));
  const auto slope = [](double x, double old) { return .2 * old / (1 + std::pow(old, 10)) - .1 * x; };
  std::vector<double> series;
  for (int step = 1; static_cast<int>(series.size()) < length; ++step) {
    const double x = past.back(), old = past[past.size() - 1 - delay], next = past[past.size() - delay],
                 between = (old + next) / 2;
    const double k1 = slope(x, old), k2 = slope(x + h / 2 * k1, between), k3 = slope(x + h / 2 * k2, between),
                 k4 = slope(x + h * k3, next);
    past.push_back(x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4));
    if (step % a_number == 0 && step > warm_up * a_number) series.push_back(published(past.back()));
  }
  return series;
}

std::vector<double> lorenz_series(Key key, int length) {
  using Point = std::array<double, 3>;
  constexpr double h = .01;
  constexpr int a_number = 5, warm_up = 500;
  const auto slope = [](const Point& p) {
    return Point{10 * (p[1] - p[0]), p[0] * (28 - p[2]) - p[1], p[0] * p[1] - 8.0 / 3 * p[2]};
  };
  const auto moved = [](const Point& p, double by, const Point& d) {
    return Point{p[0] + by * d[0], p[1] + by * d[1], p[2] + by * d[2]};
  };
  Point p{key.uniform(0), 1 + key.uniform(1), 20 + key.uniform(2)};
  std::vector<double> series;
  for (int step = 1; static_cast<int>(series.size()) < length; ++step) {
    const Point k1 = slope(p), k2 = slope(moved(p, h / 2, k1)), k3 = slope(moved(p, h / 2, k2)),
                k4 = slope(moved(p, h, k3));
    for (std::size_t k = 0; k < 3; ++k) p[k] += h / 6 * (k1[k] + 2 * k2[k] + 2 * k3[k] + k4[k]);
    if (step % a_number == 0 && step > warm_up) series.push_back(published(p[0]));
  }
  return series;
}

std::vector<double> henon_series(Key key, int length) {
  constexpr int warm_up = 100;
  double x = .1 * key.uniform(0), y = .1 * key.uniform(1);
  std::vector<double> series;
  for (int step = 1; static_cast<int>(series.size()) < length; ++step) {
    const double next = 1 - 1.4 * x * x + y;
    y = .3 * x;
    x = next;
    if (step > warm_up) series.push_back(published(x));
  }
  return series;
}

SeriesData made(const char* name, int train, int others, int length,
                const std::function<std::vector<double>(Key, int)>& one) {
  SeriesData d;
  std::uint64_t number = 0;
  const auto fill = [&](SeriesSplit& split, int count) {
    for (int k = 0; k < count; ++k) split.series.push_back(one(Key{1}.named(name).at(number++), length));
  };
  fill(d.test, others);
  fill(d.valid, others);
  fill(d.train, train);
  d.source = fmt::format("{}, {} series of {} values, {} each for validation and test", name, train, count_text(length),
                         others);
  return d;
}

}  // namespace

SeriesData mackey_glass(int train, int others, int length) {
  return made("mackey-glass", train, others, length, mackey_glass_series);
}
SeriesData lorenz(int train, int others, int length) { return made("lorenz", train, others, length, lorenz_series); }
SeriesData henon(int train, int others, int length) { return made("henon", train, others, length, henon_series); }

namespace {

// Determines the column, and whether the first line is a header. A number in place of the column's name is a value: if
// it were taken for a name, the series would lose it.
CsvOptions csv_options(const std::string& path, const std::string& column) {
  std::vector<std::string> first;
  if (!ebb::detail::CsvRecords(path, ',').next(first) || first.empty())
    return {.missing = Missing::previous, .dtype = f64};  // read_csv reports the error
  std::size_t place = first.size() - 1;
  const bool numbered =
      !column.empty() && column.find_first_not_of("0123456789") == std::string::npos && column.size() < 9;
  if (numbered) place = std::stoul(column);
  double x = 0;
  const bool values =
      (column.empty() || numbered) && place < first.size() &&
      ebb::detail::parse_number(
          std::string_view(first[place]).substr(std::min(first[place].find_first_not_of(" \t"), first[place].size())),
          x) == ebb::detail::Parsed::finite;
  CsvOptions options{.header = !values,
                     .missing = Missing::previous,
                     .dtype = f64};  // a small signal far from zero would be lost in float32
  if (values) options.columns = {std::to_string(place)};
  else if (!column.empty()) options.columns = {column};
  return options;
}

/// The name of the column that is forecast, if it is not the last of those read: it then comes first.
std::string forecast_column(const std::string& path, const CsvOptions& options) {
  if (!options.columns.empty()) return options.columns.front();
  std::vector<std::string> first;
  if (!ebb::detail::CsvRecords(path, ',').next(first) || first.empty()) return {};  // read_csv reports the error
  const std::size_t from = first.back().find_first_not_of(" \t"), to = first.back().find_last_not_of(" \t\r");
  return from == std::string::npos ? std::string() : first.back().substr(from, to + 1 - from);
}

/// Checks the names of --inputs.
std::vector<std::string> further_columns(const std::string& inputs, const std::string& forecast) {
  std::vector<std::string> names;
  try {
    detail::read_option(inputs, names);
  } catch (const ValueError& e) { throw ValueError(std::string("--inputs ") + e.what()); }
  for (auto name = names.begin(); name != names.end(); ++name) {
    if (*name == forecast)
      throw ValueError(fmt::format("--inputs names the column '{}', which is forecast and is read anyway", *name));
    if (std::find(names.begin(), name, *name) != name)
      throw ValueError(fmt::format("--inputs names the column '{}' twice", *name));
  }
  return names;
}

CsvTable read_columns(const std::string& path, const CsvOptions& options, const char* cure) {
  try {
    return read_csv(path, options);
  } catch (const FileError& e) { throw FileError(std::string(e.what()) + cure); }
}

/// The first 80 % for training, then 10 % each.
void cut_series(SeriesData& d, const Array& values, int column, bool forecast) {
  const int n = values.dim(0), tenth = n / 10, ends[] = {0, n - 2 * tenth, n - tenth, n};
  SeriesSplit* const each[] = {&d.train, &d.valid, &d.test};
  for (std::size_t k = 0; k < 3; ++k) {
    auto& list = forecast ? each[k]->series : each[k]->more;
    list.emplace_back();
    for (int i = ends[k]; i < ends[k + 1]; ++i) list.back().push_back(values.at({i, column}));
  }
}

}  // namespace

SeriesData csv_series(const std::string& path, const std::string& column, const std::string& inputs) {
  CsvOptions options = csv_options(path, column);
  const std::string forecast = forecast_column(path, options);
  const bool listed = !inputs.empty() && inputs != "all";
  if (inputs == "all") options.columns.clear();
  if (listed) {
    options.columns = further_columns(inputs, forecast);
    options.columns.insert(options.columns.begin(), forecast);
  }
  const CsvTable t = read_columns(path, options,
                                  inputs == "all" ? "; --inputs NAME,... reads only those and the one that is forecast"
                                  : column.empty() && !listed ? "; --column NAME reads only that one"
                                                              : "");
  const int count = t.values.dim(1), n = t.values.dim(0);
  int at = listed ? 0 : count - 1;
  if (inputs == "all" && !column.empty()) {
    const auto found = std::find(t.names.begin(), t.names.end(), forecast);
    if (found == t.names.end()) throw FileError(fmt::format("'{}': there is no column '{}'", path, column));
    at = static_cast<int>(found - t.names.begin());
  }
  SeriesData d;
  d.one = true;
  d.column = t.names[static_cast<std::size_t>(at)];
  cut_series(d, t.values, at, true);
  for (int k = 0; k < count && !inputs.empty(); ++k)
    if (k != at) {
      d.more.push_back(t.names[static_cast<std::size_t>(k)]);
      cut_series(d, t.values, k, false);
    }
  d.source = fmt::format("{}, column {}{}{}, {}, CRC-32C {:08x}", ebb::detail::printable(path),
                         ebb::detail::printable(d.column), options.header ? "" : " (from 0; the file has no header)",
                         d.more.empty() ? "" : ebb::detail::printable(" with " + enumerated(d.more)),
                         count_text(n, "value"), crc32c(read_file(path)));
  return d;
}

}  // namespace ebb::app
