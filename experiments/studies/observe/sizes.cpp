#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/observe/sizes.hpp>
#include <ebb/observe/extrapolation.hpp>
#include <map>

namespace ebb::app::observe {
namespace {

struct Limit {
  std::string cell, quantity;
  std::map<double, std::vector<double>> by_size;
  SizeLimit fit;
  std::size_t count = 0;
};

/// None if the values of this cell do not determine a line.
std::optional<Limit> limit_of(const std::string& cell, const std::vector<Observed>& all, const SizedQuantity& q) {
  Limit l{.cell = cell, .quantity = q.name, .by_size = {}, .fit = {}};
  std::vector<SizedValue> values;
  for (const Observed& o : all) {
    if (o.subject.variant != cell || !o.subject.weights.empty()) continue;
    const double size = o.subject.state_size();
    const Estimate e = q.of(o.values);
    if (!std::isfinite(e.value)) continue;
    values.push_back({.size = size, .value = e.value, .error = std::isfinite(e.error) ? e.error : 0});
    l.by_size[size].push_back(e.value);
  }
  if (l.by_size.size() < 2 || values.size() < 3) return {};
  l.fit = limit_of_size(values);
  l.count = values.size();
  return l;
}

std::vector<Limit> limits_of(const std::vector<Observed>& all, const std::vector<SizedQuantity>& quantities) {
  std::vector<Limit> limits;
  std::vector<std::string> cells;
  for (const Observed& o : all)
    if (std::find(cells.begin(), cells.end(), o.subject.variant) == cells.end()) cells.push_back(o.subject.variant);
  for (const std::string& cell : cells)
    for (const SizedQuantity& q : quantities)
      if (std::optional<Limit> l = limit_of(cell, all, q)) limits.push_back(std::move(*l));
  return limits;
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double x : values) sum += x;
  return sum / double(values.size());
}

std::string digits(double x) { return fmt::format("{:.5f}", x); }

Table table_of(const std::vector<Limit>& limits) {
  Table t{.head = {"", "quantity"},
          .rows = {},
          .caption =
              "A line in 1 / S by least squares, weighted by S, through every seed; its errors come from the "
              "deviations, or from those of the values if they are larger. In the columns of S: means over seeds. n: "
              "the number of values of all sizes and seeds, to which the line is fitted."};
  std::vector<double> sizes;
  for (const Limit& l : limits)
    for (const auto& [size, values] : l.by_size)
      if (std::find(sizes.begin(), sizes.end(), size) == sizes.end()) sizes.push_back(size);
  std::sort(sizes.begin(), sizes.end());
  for (const double size : sizes) t.head.push_back("S = " + count_text(size));
  t.head.emplace_back("S → ∞");
  t.head.emplace_back("error");
  t.head.emplace_back("n");
  for (const Limit& l : limits) {
    std::vector<Entry> row{Entry(l.cell), l.quantity};
    for (const double size : sizes) {
      const auto found = l.by_size.find(size);
      row.emplace_back(found == l.by_size.end() ? "" : digits(mean_of(found->second)));
    }
    row.emplace_back(digits(l.fit.limit.value));
    row.emplace_back(digits(l.fit.limit.error));
    row.emplace_back(count_text(double(l.count)));
    t.rows.push_back(std::move(row));
  }
  return t;
}

}  // namespace

void present_limits(Job& job, const std::vector<Observed>& all, const std::vector<SizedQuantity>& quantities,
                    const std::string& file) {
  const std::vector<Limit> limits = limits_of(all, quantities);
  if (limits.empty()) return;
  job.report.text("The limit of a wide cell:");
  job.report.table(table_of(limits));
  std::string csv = "cell,quantity,limit,error,slope,slope_error,values\n";
  for (const Limit& l : limits) {
    const SizeLimit& f = l.fit;
    csv += fmt::format("{},{},{},{},{},{},{}\n", csv_quoted(l.cell), csv_quoted(l.quantity), csv_text(f.limit.value),
                       csv_text(f.limit.error), csv_text(f.slope.value), csv_text(f.slope.error), l.count);
    job.print(fmt::format("{}, S → ∞: {} = {} ± {} ({} values)\n", l.cell, l.quantity, digits(f.limit.value),
                          digits(f.limit.error), l.count));
    const auto of = job.summary.under({"limits", l.cell, l.quantity});
    of.set({"value"}, f.limit.value);
    of.set({"error"}, f.limit.error);
    of.set({"slope"}, f.slope.value);
  }
  job.write(file + ".csv", csv);
}

}  // namespace ebb::app::observe
