#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/figure.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/observe/drive.hpp>
#include <ebb/observe/gradient_norms.hpp>
#include <ebb/observe/product_norms.hpp>

namespace ebb::app::observe {
namespace {

constexpr int most_map_points = 40;  // of an axis: each pair of steps is a rectangle of the page
constexpr int largest_map_state = 512, most_map_steps = 200;  // of exact products

/// Which past states each step still depends on: ||dL_t'/ds_t||, or the norm of the product of Jacobians where a step
/// has no loss of its own.
struct MapMeasure final : Measure {
  bool reads(std::string_view option) const override { return is_one_of(option, {"--length", "--rows", "--free"}); }

  std::string unfit(const Subject& s, const Amount& a) const override {
    if (s.state_size() > largest_map_state)
      return fmt::format("the state has {} numbers, more than {}", s.state_size(), largest_map_state);
    return a.steps < 2 ? "it needs at least two steps" : "";
  }

  Values measure(const Subject& s, const Amount& a) const override {
    Values v;
    const Amount few = a.at_most(most_map_steps, 2);
    v.note("driven", drive_text(s, few));
    const int every = (few.steps + most_map_points - 1) / most_map_points;
    const StepLoss loss = loss_of(s, few);
    v["of_loss"] = {double(bool(loss))};
    if (loss) {
      const GradientMap map = gradient_map(s.cell(), drive_of(s, few), loss, {}, {.every = every});
      keep_means(v, map.times, map.log_norms);
    } else {
      const ProductNorms map = product_norms(s.cell(), drive_of(s, few), {}, {.every = every});
      keep_means(v, map.times, map.log_spectral);
    }
    return v;
  }

  void present(Job& job, const std::vector<Observed>& all, const Amount&) const override {
    job.report.section("Over pairs of steps",
                       "Where the influence of a past state ends: each row is a step t', each column an earlier one. "
                       "The diagonal is the step itself; what falls off quickly beside it is forgotten.");
    for (const bool of_loss : {true, false}) {  // the norms of losses and of states are not comparable
      std::vector<HeatMap> maps;
      for (const Observed& o : all) {
        if ((o.values.number("of_loss") != 0) != of_loss) continue;
        maps.push_back(map_of(o));
        maps.back().finding = sentence(o);
      }
      share_scale(maps);
      if (!maps.empty()) job.report.heat_maps(maps);
    }
  }

  std::vector<Followed> followed(const Values& v) const override {
    return {{.plot = "Reach of the last step, steps back",
             .name = "reach",
             .value = reach_of(v),
             .caption =
                 "Of the steps that the map shows, the earliest whose state has more than a hundredth of the last "
                 "state's influence on the last step."}};
  }

  std::string sentence(const Observed& o) const override {
    const std::vector<double>& times = o.values.at("times");
    const double reach = reach_of(o.values), every = times[1] - times[0];
    const std::string influence = fmt::format("a hundredth of the last state's influence on {}",
                                              o.values.number("of_loss") != 0 ? "the last loss" : "the final state");
    if (reach == 0)
      return fmt::format("{}: no state {} or more before the last step has {}.", o.subject.name,
                         count_text(every, "step"), influence);
    const bool all = reach == times.back() - times.front();
    return fmt::format(
        "{}: the state {} before the last step still has {}; {}.", o.subject.name, count_text(reach, "step"), influence,
        all ? "it is the first of the map" : fmt::format("the one {} earlier has not", count_text(every, "step")));
  }

 private:
  static StepLoss loss_of(const Subject& s, const Amount& a) {
    if (a.free) return {};
    return s.model().recurrent().step_loss(s.batch(a.steps, a.rows));
  }

  /// Steps from the earliest one whose norm is above a hundredth of that of the last step, to the last.
  static double reach_of(const Values& v) {
    const std::vector<double>&times = v.at("times"), &norms = v.at("log_norms");
    const std::size_t n = times.size(), row = n - 1;
    std::size_t reach = row;
    while (reach > 0 && norms[row * n + reach - 1] > norms[row * n + row] - std::log(100.0)) --reach;
    return times[row] - times[reach];
  }

  /// Means over rows, [n, n].
  static void keep_means(Values& v, const std::vector<int>& times, const Array& norms) {
    const int n = norms.dim(0), B = norms.dim(2);
    for (const int t : times) v["times"].push_back(t);
    for (int i = 0; i < n; ++i)
      for (int k = 0; k < n; ++k) {
        double sum = 0;
        for (int b = 0; b < B; ++b) sum += norms.at({i, k, b});
        v["log_norms"].push_back(sum / B);
      }
  }

  static HeatMap map_of(const Observed& o) {
    const bool of_loss = o.values.number("of_loss") != 0;
    return {.title = o.subject.name,
            .x_label = "step t",
            .y_label = of_loss ? "step t' of the loss" : "step t'",
            .value_label = of_loss ? "ln of the norm of dL_t'/ds_t" : "ln of the norm of ds_t'/ds_t",
            .caption = fmt::format("{}, mean over sequences; {}. Blank: steps t after t', and norms that are zero.",
                                   of_loss ? "Norm of the gradient of the loss of step t' alone"
                                           : "Largest singular value of the product of Jacobians between the two steps",
                                   o.values.note("driven")),
            .x = o.values.at("times"),
            .y = o.values.at("times"),
            .values = o.values.at("log_norms")};
  }
};
EBB_MEASURE(map, MapMeasure, "norms of gradients over pairs of steps, as a heat map");

}  // namespace
}  // namespace ebb::app::observe
