#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/study.hpp>
#include <ebb/experiments/train/architecture.hpp>
#include <ebb/ops/printable.hpp>
#include <limits>
#include <map>
#include <new>

namespace ebb::app::study {
namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

int columns_of(const std::string& text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

std::vector<double> numbers_of(const char* option, const std::vector<std::string>& words, double least, double most) {
  check_once(option, words);
  std::vector<double> numbers;
  for (const std::string& word : words) {
    double x = 0;
    try {
      detail::read_option(word, x);
    } catch (const ValueError&) { throw ValueError(fmt::format("{}: '{}' is not a number", option, word)); }
    if (!(x >= least && x <= most))
      throw ValueError(fmt::format("{}: {} is not from {} to {}", option, word, least, most));
    if (std::find(numbers.begin(), numbers.end(), x) != numbers.end())
      throw ValueError(fmt::format("{} names {} twice", option, x));
    numbers.push_back(x);
  }
  return numbers;
}

std::vector<int> whole_numbers_of(const char* option, const std::vector<std::string>& words, int least, int most) {
  std::vector<int> whole;
  for (const double x : numbers_of(option, words, least, most)) {
    if (x != std::floor(x)) throw ValueError(fmt::format("{}: {} is not a whole number", option, x));
    whole.push_back(static_cast<int>(x));
  }
  return whole;
}

Spread spread_of(const std::vector<double>& numbers) {
  double sum = 0, squares = 0;
  int n = 0;
  for (const double x : numbers)
    if (std::isfinite(x)) {
      sum += x;
      ++n;
    }
  if (n == 0) return {unknown, 0, 0};
  const double mean = sum / n;
  for (const double x : numbers)
    if (std::isfinite(x)) squares += (x - mean) * (x - mean);
  return {mean, std::sqrt(squares / n), n};
}

std::string text_of(const Spread& s) {
  if (s.count >= least_for_error) return fmt::format("{} ± {:.2g}", number_text(s.mean), s.deviation);
  return number_text(s.mean) + (s.count > 1 ? fmt::format(" (n = {})", s.count) : "");
}

Series line_of(const std::string& name, const std::vector<Curve>& curves, bool logarithmic, int most) {
  const auto scaled = [=](double y) { return logarithmic ? std::log(y) : y; };
  const auto unscaled = [=](double y) { return logarithmic ? std::exp(y) : y; };
  std::map<double, int> places;  // each x that occurs in a run, and the index of its interval
  for (const Curve& c : curves)
    for (const double x : c.x) places[x] = 0;
  const int all = static_cast<int>(places.size()), length = std::max(1, (all + most - 1) / most);
  int next = 0;
  for (auto& [x, stretch] : places) stretch = next++ / length;

  const auto count = static_cast<std::size_t>((all + length - 1) / length);
  std::vector<std::vector<double>> of_x(count), of_y(count);
  for (const auto& [x, stretch] : places) of_x[static_cast<std::size_t>(stretch)].push_back(x);
  for (const Curve& c : curves) {
    std::vector<std::vector<double>> of_run(count);
    for (std::size_t k = 0; k < c.x.size(); ++k)
      of_run[static_cast<std::size_t>(places[c.x[k]])].push_back(scaled(c.y[k]));
    for (std::size_t k = 0; k < count; ++k) of_y[k].push_back(spread_of(of_run[k]).mean);
  }
  Series s{.name = name, .group = name};
  bool banded = false;
  for (std::size_t k = 0; k < count; ++k) {
    Spread y = spread_of(of_y[k]);
    if (y.count < least_for_error) y.deviation = unknown;
    else banded = true;
    s.x.push_back(spread_of(of_x[k]).mean);
    s.y.push_back(unscaled(y.mean));
    s.low.push_back(unscaled(y.mean - y.deviation));
    s.high.push_back(unscaled(y.mean + y.deviation));
  }
  if (!banded) {
    s.low.clear();
    s.high.clear();
  }
  return s;
}

void add_seeds(Plot& p, const std::string& name, const std::vector<Curve>& curves, bool logarithmic) {
  if (curves.size() < 2) return;
  for (std::size_t k = 0; k < curves.size(); ++k) {
    Series s = line_of(name, {curves[k]}, logarithmic);
    s.name = fmt::format("{}, run {}", name, k + 1);
    s.thin = true;
    s.low.clear();
    s.high.clear();
    p.series.push_back(std::move(s));
  }
}

std::string ends_text(const std::vector<Series>& lines, const std::string& unit) {
  std::string text;
  for (const Series& s : lines) {
    const auto last = std::find_if(s.y.rbegin(), s.y.rend(), [](double y) { return std::isfinite(y); });
    if (s.thin || last == s.y.rend()) continue;
    text += fmt::format("{}{} {}", text.empty() ? "At the end: " : ", ", s.name, number_text(*last));
  }
  return text.empty() ? text : text + (unit.empty() ? "." : " " + unit + ".");
}

Series level(const std::string& name, double y, double last) {
  return {.name = name, .x = {0, std::max(last, 1.0)}, .y = {y, y}};
}

std::string table_text(const Table& t) {
  std::vector<int> widths;
  for (std::size_t k = 0; k < t.head.size(); ++k) {
    widths.push_back(columns_of(t.head[k]));
    for (const auto& row : t.rows) widths[k] = std::max(widths[k], columns_of(row[k].text));
  }
  int wide = 2 * static_cast<int>(widths.size());
  for (const int w : widths) wide += w;
  const std::string gap = wide <= 80 ? "  " : " ";
  const auto line = [&](const auto& word) {
    std::string text;
    for (std::size_t k = 0; k < t.head.size(); ++k) text += (k > 0 ? gap : "  ") + fit(word(k), widths[k], k > 0);
    return text + "\n";
  };
  std::string text = line([&](std::size_t k) { return t.head[k]; });
  for (const auto& row : t.rows) text += line([&](std::size_t k) { return row[k].text; });
  return text;
}

void show(Job& job, const std::string& title, const Table& t, const std::string& verdict) {
  job.report.table(t);
  std::string text = "\n";
  for (const std::string& line : wrapped(title, 78)) text += line + "\n";
  text += table_text(t);
  for (const std::string& line : wrapped(verdict, 76)) text += "  " + line + "\n";
  job.print(text);
}

std::map<std::string, std::string> data_of(const Task& task, const Task::Inputs& inputs) {
  std::map<std::string, std::string> all{{"data", task.data()}};
  if (!inputs.text.empty()) all["text's CRC-32C"] = sum_of_text(inputs.text);  // an edited text is other data
  return all;
}

std::string attempt(const std::function<void()>& run) {
  try {
    run();
  } catch (const std::bad_alloc&) { return "there is not enough memory"; } catch (const std::exception& e) {
    return *e.what() ? ebb::detail::printable(e.what()) : "an error without a message";
  } catch (...) { return "an exception that is not a std::exception"; }
  return {};
}

void each_run(Job& job, std::size_t ways, const std::function<Take(std::size_t way, std::size_t seed)>& body,
              const std::function<void()>& fill) {
  const std::size_t n = ways * job.seeds().size();
  std::vector<std::string> failed(n);
  job.parallel(static_cast<int>(n), [&](int number) {
    const auto k = static_cast<std::size_t>(number);
    if (job.interrupted()) return;
    Take take;
    failed[k] = attempt([&] { take = body(k % ways, k / ways); });
    if (take) job.run_ended(take, fill);
  });
  for (std::size_t k = 0; k < n; ++k)
    if (!failed[k].empty()) job.fail_run(fmt::format("seed {}: {}", job.seeds()[k / ways], failed[k]), n);
}

}  // namespace ebb::app::study
