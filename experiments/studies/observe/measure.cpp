#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/studies/observe/measure.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/number.hpp>
#include <iterator>

namespace ebb::app::observe {

Measure::~Measure() = default;

Amount Amount::by_default(int most_steps, int most_rows) const {
  return at_most(steps_chosen ? steps : most_steps, rows_chosen ? rows : most_rows);
}

Amount Amount::at_most(int most_steps, int most_rows) const {
  Amount less = *this;
  less.steps = std::min(steps, most_steps);
  less.rows = std::min(rows, most_rows);
  return less;
}

std::vector<Followed> Measure::followed(const Values& v) const {
  std::vector<Followed> all;
  for (const auto& [name, list] : v.all())
    if (list.size() == 1) all.push_back({.plot = name, .name = name, .value = list[0]});
  return all;
}

Variation Variation::of(const std::string& text) {
  const auto equals = text.find('='), colon = text.find(':', equals == std::string::npos ? 0 : equals);
  Variation v;
  using ebb::detail::Parsed, ebb::detail::parse_number;
  if (equals == std::string::npos || equals == 0 || colon == std::string::npos ||
      parse_number(std::string_view(text).substr(equals + 1, colon - equals - 1), v.low) != Parsed::finite ||
      parse_number(std::string_view(text).substr(colon + 1), v.high) != Parsed::finite)
    throw ValueError(fmt::format("--vary must be OPTION=LOW:HIGH, such as b=-3:-2, not '{}'", text));
  if (!(v.low < v.high)) throw ValueError(fmt::format("--vary {}: {} is not below {}", text, v.low, v.high));
  v.option = text.substr(0, equals);
  return v;
}

std::string Variation::cell(const std::string& cell_name, double value) const {
  return fmt::format("{}{}{}={}", cell_name, cell_name.find(':') == std::string::npos ? ':' : ',', option, value);
}

Leading Leading::of(const std::string& text) {
  using ebb::detail::Parsed, ebb::detail::parse_number;
  const bool share = !text.empty() && text.back() == '%';
  double x = 0;
  const bool finite = parse_number(std::string_view(text).substr(0, text.size() - share), x) == Parsed::finite;
  if (finite && share && x > 0 && x <= 100) return {.percent = x};
  if (finite && !share && x >= 1 && x <= 1e9 && x == std::floor(x)) return {.number = x};
  throw ValueError(fmt::format("--directions must be a whole number from 1, or a share such as 30%, not '{}'", text));
}

int Leading::count(int S) const { return static_cast<int>(number > 0 ? number : std::ceil(percent * S / 100)); }

std::vector<const MeasureEntry*> measure_list() {
  static constexpr const char* order[] = {"norms",       "map",          "lyapunov",     "jacobians",
                                          "gates",       "fixed_points", "bifurcations", "sensitivity",
                                          "attribution", "curvature",    "newton"};
  const auto place = [](const MeasureEntry* e) {
    return std::find(std::begin(order), std::end(order), std::string(e->name));
  };
  std::vector<const MeasureEntry*> all = Registry<MeasureEntry>::list();  // by name
  std::sort(all.begin(), all.end(), [&](const MeasureEntry* a, const MeasureEntry* b) {
    return std::pair(place(a), std::string(a->name)) < std::pair(place(b), std::string(b->name));
  });
  return all;
}

}  // namespace ebb::app::observe
