#include <algorithm>
#include <ebb/experiments/studies/observe/measure.hpp>
#include <iterator>

namespace ebb::app::observe {

Measure::~Measure() = default;

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

std::vector<const MeasureEntry*> measure_list() {
  static constexpr const char* order[] = {"norms",        "map",         "lyapunov",    "jacobians", "gates",
                                          "fixed_points", "sensitivity", "attribution", "curvature", "newton"};
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
