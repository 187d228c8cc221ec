#include <fmt/format.h>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/train/measure.hpp>
#include <ebb/experiments/train/task_call.hpp>

namespace ebb::app {

Meter::~Meter() = default;

std::unique_ptr<Meter> meter_of(const Task& task) {
  const auto* const measured = task.as<HasMeter>();
  return measured ? task_call(task, [&] { return measured->meter(); }) : nullptr;
}

std::optional<std::string> validation_measure(const Task& task) {
  const auto meter = meter_of(task);
  return meter ? meter->validates_by() : std::nullopt;
}

const Measure& measure_named(const std::string& name, const std::vector<Measure>& all) {
  for (const Measure& m : all)
    if (m.name == name) return m;
  throw ValueError(fmt::format("there is no measure '{}'", name));
}

std::string measures_text(const std::vector<Measure>& all) {
  std::string text;
  for (const Measure& m : all)
    text += fmt::format("{}{} {}{}{} (baseline {}{}{})", text.empty() ? "" : ", ", m.name, number_text(m.value),
                        m.unit.empty() ? "" : " ", m.unit, number_text(m.baseline),
                        m.baseline_about.empty() ? "" : ", ", m.baseline_about);
  return text;
}

}  // namespace ebb::app
