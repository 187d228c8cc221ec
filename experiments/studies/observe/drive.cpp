#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/observe/drive.hpp>
#include <ebb/observe/lyapunov.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/random.hpp>
#include <tuple>

namespace ebb::app::observe {

Amount within_data(const Subject& s, const Amount& a, const std::string& prefix) {
  if (a.free) return a;
  Array x;
  try {
    x = s.inputs(a.steps, a.rows);
  } catch (const Error& e) {
    throw ValueError(fmt::format("--{0}length {1} --{0}rows {2}: {3}", prefix, a.steps, a.rows, e.what()));
  }
  const auto check = [&](bool chosen, const char* option, int wanted, int has, const char* what) {
    if (chosen && has < wanted)
      throw ValueError(fmt::format("--{}{} {}: the task '{}' has {} to follow", prefix, option, wanted, s.task().name(),
                                   count_text(has, what)));
  };
  check(a.steps_chosen, "length", a.steps, x.dim(0), "step");
  check(a.rows_chosen, "rows", a.rows, x.dim(1), "sequence");
  return a.at_most(x.dim(0), x.dim(1));
}

Drive drive_of(const Subject& s, const Amount& a) {
  return a.free ? Drive::held(Array::zeros({a.rows, s.inputs(s.length, 1).dim(2)}, f64), a.steps)
                : Drive(s.inputs(a.steps, a.rows));
}

Array start_of(const Subject& s, const Amount& a) {
  if (a.spread == 0) return {};
  const Array own = initial_state(s.cell(), a.rows);
  return own + normal(own.shape(), Key{1}.named("start"), 0, a.spread, f64);
}

std::string drive_text(const Subject& s, const Amount& a) {
  const std::string sequences =
      fmt::format("{} sequence{} of {} steps", a.rows, a.rows == 1 ? "" : "s", count_text(a.steps));
  if (a.free) return sequences + " with zero inputs";
  return fmt::format("{} of the {} split of {}", sequences, s.split == Split::valid ? "validation" : "test",
                     s.task().name());
}

std::string driven_texts(const std::vector<Observed>& all) {
  std::vector<std::string> texts;
  for (const Observed& o : all)
    if (const std::string text = o.values.note("driven"); std::find(texts.begin(), texts.end(), text) == texts.end())
      texts.push_back(text);
  return enumerated(texts);
}

std::string estimate_text(double value, double error) {
  if (!std::isfinite(value) || !std::isfinite(error)) return number_text(value);
  return fmt::format("{} ± {}", number_text(value), number_text(error));
}

double without_rounding(double rate) { return std::abs(rate) < exponent_rounding ? 0 : rate; }

std::vector<double> list_of(const Array& a) {
  std::vector<double> list;
  for (std::int64_t k = 0; k < a.size(); ++k) list.push_back(a.at_flat(k));
  return list;
}

Entry name_of(const Observed& o) {
  const auto& [name, label] = std::tie(o.subject.name, o.subject.label);
  return Entry(name.find(label) == std::string::npos ? label + " " + name : name, o.subject.variant);
}

Series line_of(const Observed& o, std::vector<double> x, std::vector<double> y) {
  return {.name = o.subject.name,
          .x = std::move(x),
          .y = std::move(y),
          .group = o.subject.variant,
          .label = o.subject.label};
}

}  // namespace ebb::app::observe
