#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/sweep/page.hpp>
#include <map>
#include <set>

namespace ebb::app::sweep {
namespace {

constexpr std::size_t most_groups = 6;  // hues

/// The axis whose words become the lines of a plot: the first with a few words; none if there is none.
std::optional<std::size_t> grouping_axis(const Plan& plan) {
  for (std::size_t k = 0; k < plan.axes.size(); ++k)
    if (!plan.axes[k].is_number() && plan.axes[k].words.size() > 1 && plan.axes[k].words.size() <= most_groups)
      return k;
  return std::nullopt;
}

const std::string& value(const Plan& plan, const ConfigurationResult& c, std::size_t axis) {
  return plan.configurations[c.configuration].values[axis];
}

/// The best configuration at each value of the axis.
using BestAt = std::map<double, const ConfigurationResult*>;
BestAt best_at(const Plan& plan, const std::vector<const ConfigurationResult*>& all, std::size_t axis) {
  BestAt best;
  for (const ConfigurationResult* c : all) {
    if (!std::isfinite(height_of(plan, *c))) continue;
    const ConfigurationResult*& at = best[number_of(value(plan, *c, axis))];
    if (!at || plan.validation.better(height_of(plan, *c), height_of(plan, *at))) at = c;
  }
  return best;
}

Series line_of_best(const Plan& plan, const std::string& name, const BestAt& best) {
  Series line{.name = name, .beads = true};
  for (const auto& [x, c] : best) {
    const double y = height_of(plan, *c), deviation = c->valid.count > 2 && c->whole() ? c->valid.deviation : 0;
    line.x.push_back(x);
    line.y.push_back(y);
    line.low.push_back(y - deviation);
    line.high.push_back(y + deviation);
  }
  return line;
}

Series dots_of(const Plan& plan, const std::string& name, const std::vector<const ConfigurationResult*>& all,
               std::size_t axis) {
  Series dots{.name = name, .dots = true};
  for (const ConfigurationResult* c : all) {
    if (!std::isfinite(height_of(plan, *c))) continue;
    dots.x.push_back(number_of(value(plan, *c, axis)));
    dots.y.push_back(height_of(plan, *c));
  }
  return dots;
}

/// Whether a value is at an end of what was tried: the first or last of at least three, or of random ones in the
/// outermost tenth of their range.
bool at_the_end(const Plan& plan, const Axis& axis, double x) {
  if (plan.random && axis.range) {
    const auto scaled = [&](double y) { return axis.range->log ? std::log(y) : y; };
    const double low = scaled(axis.range->low), high = scaled(axis.range->high),
                 share = (scaled(x) - low) / (high - low);
    return share < .1 || share > .9;
  }
  std::set<double> tried;
  for (const Configuration& c : plan.configurations)
    tried.insert(number_of(c.values[static_cast<std::size_t>(&axis - plan.axes.data())]));
  return tried.size() > 2 && (x == *tried.begin() || x == *tried.rbegin());
}

/// "Best at lr 1e-2." Empty unless several values can be compared.
std::string best_value(const Plan& plan, const std::vector<ConfigurationResult>& all, std::size_t axis) {
  const BestAt best = best_at(plan, comparable(plan, all), axis);
  if (best.empty() || all.size() < 2) return {};
  const auto at = std::min_element(best.begin(), best.end(), [&](const auto& a, const auto& b) {
    return plan.validation.better(height_of(plan, *a.second), height_of(plan, *b.second));
  });
  return fmt::format("Best at {} {}{}.", plan.axes[axis].option, value(plan, *at->second, axis),
                     at_the_end(plan, plan.axes[axis], at->first)
                         ? ", near the end of the range: values beyond it may be better"
                         : "");
}

std::string caption_of_response(const Plan& plan, bool lines, bool several) {
  std::string text = !lines    ? "Each dot is a configuration: the mean over its seeds."
                     : several ? "Lines: the best configuration at each value. Dots: all of them."
                               : "Each point is a configuration: the mean over its seeds.";
  if (lines && plan.seeds.size() > 2) text += " Bands: the standard deviation over seeds.";
  if (!plan.rungs.empty()) text += " Configurations that were stopped early are at their last validation.";
  return text;
}

Plot response_to(const Plan& plan, const std::vector<ConfigurationResult>& all, std::size_t axis) {
  const std::optional<std::size_t> by = grouping_axis(plan);
  Plot plot{.title = fmt::format("Response to {}", plan.axes[axis].option),
            .x_label = plan.axes[axis].option,
            .y_label = plan.validation.text()};
  plot.log_x = plan.axes[axis].is_log();
  bool several = false;
  const bool lines = !plan.random && plan.rungs.empty();  // those of halving have not been trained equally long
  for (const std::string& word : by ? plan.axes[*by].words : std::vector<std::string>{plan.validation.measure}) {
    std::vector<const ConfigurationResult*> group;
    for (const ConfigurationResult& c : all)
      if (!by || value(plan, c, *by) == word) group.push_back(&c);
    const BestAt best = best_at(plan, group, axis);
    const Series dots = dots_of(plan, word, group, axis);
    const bool more = dots.x.size() > best.size();
    if (lines && !best.empty()) plot.series.push_back(line_of_best(plan, word, best));
    if ((!lines || more) && !dots.x.empty()) plot.series.push_back(dots);
    several |= more;
  }
  plot.caption = caption_of_response(plan, lines, several);
  plot.finding = best_value(plan, all, axis);
  return plot;
}

ParallelPlot::Axis parallel_axis(const Axis& axis) {
  if (axis.is_number()) return {.name = axis.option, .log = axis.is_log()};
  return {.name = axis.option, .words = axis.words};
}

double place_on(const Axis& axis, const std::string& word) {
  if (axis.is_number()) return number_of(word);
  return static_cast<double>(std::find(axis.words.begin(), axis.words.end(), word) - axis.words.begin());
}

}  // namespace

double height_of(const Plan& plan, const ConfigurationResult& c) {
  if (c.diverged + c.failed > 0) return NAN;
  if (c.whole()) return c.valid.mean;
  return plan.rungs.empty() ? c.valid.mean : c.last.mean;
}

std::vector<Plot> responses_of(const Plan& plan, const std::vector<ConfigurationResult>& all) {
  std::vector<Plot> plots;
  for (std::size_t k = 0; k < plan.axes.size(); ++k) {
    const Axis& axis = plan.axes[k];
    if (axis.is_number() && (axis.range || axis.words.size() > 1)) plots.push_back(response_to(plan, all, k));
  }
  return plots;
}

ParallelPlot parallel_of(const Plan& plan, const std::vector<ConfigurationResult>& all) {
  ParallelPlot plot{.title = "All configurations", .low_is_best = !plan.validation.rises, .id = "configurations"};
  for (const Axis& axis : plan.axes) plot.axes.push_back(parallel_axis(axis));
  plot.axes.push_back({.name = plan.validation.measure});
  for (const ConfigurationResult& c : all) {
    ParallelPlot::Row row{.name = text_of(plan.axes, plan.configurations[c.configuration])};
    for (std::size_t k = 0; k < plan.axes.size(); ++k) row.values.push_back(place_on(plan.axes[k], value(plan, c, k)));
    row.values.push_back(height_of(plan, c));
    if (!std::isfinite(row.values.back())) continue;
    if (&c == &all.front()) plot.best = plot.rows.size();
    plot.rows.push_back(std::move(row));
  }
  plot.caption = fmt::format(
      "A line for each configuration; the last axis, {}, gives the colour. Thick: the best. Drag along an axis to "
      "select.",
      plan.validation.text());
  if (plot.rows.size() < all.size())
    plot.caption += fmt::format(" {} of {} without a validation of every seed left out.", all.size() - plot.rows.size(),
                                count_text(static_cast<double>(all.size()), "configuration"));
  return plot;
}

}  // namespace ebb::app::sweep
