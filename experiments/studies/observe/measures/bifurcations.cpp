#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/observe/drive.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/observe/bifurcations.hpp>
#include <ebb/observe/fixed_points.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/random.hpp>
#include <ebb/ops/reduce.hpp>

namespace ebb::app::observe {
namespace {

constexpr int most_numbers = 128, pieces = 40, starts_of_a_kind = 50;

/// Starts: states along the data with noise, and states drawn from a cube around zero that is three times as wide as
/// the states.
Array states_to_start(const Cell& cell, const Array& data) {
  const Array along = starts_along(Trajectory(cell, data), starts_of_a_kind, .1, Key{1});
  const double side = FixedPointOptions().largest / std::sqrt(along.dim(1));  // of a cube within the largest norm
  const double width = std::min(side, 3 * std::max(1., largest_magnitude(along)));
  const Array parts[] = {along, uniform(along.shape(), Key{2}, -width, width, f64)};
  return concat(parts, 2, 0);
}

/// The number of fixed points while an option of the cell varies, and where it changes.
struct BifurcationMeasure final : Measure {
  bool reads(std::string_view option) const override {
    return is_one_of(option, {"--length", "--rows", "--free", "--vary"});
  }

  std::string unfit(const Subject& s, const Amount& a) const override {
    if (!a.variation) return "it varies an option of the cell, such as --vary b=-3:-2";
    if (!s.weights.empty()) return "it varies an option of the initial weights, and these are trained";
    if (!s.remedy.empty()) return "it varies an option of the initial weights, which a remedy changes";
    if (s.state_size() > most_numbers)
      return fmt::format("the state has {} numbers, more than {}", s.state_size(), most_numbers);
    return rejected_value(s, *a.variation);
  }

  Values measure(const Subject& s, const Amount& a) const override {
    Values v;
    const Amount few = a.by_default(200, 4);
    const auto points_at = [&](double value) {
      const Subject varied = s.with_cell(a.variation->cell(s.cell_name, value));
      const Array data = varied.inputs(few.steps, few.rows);
      const Array held = a.free ? Array::zeros({data.dim(2)}, f64) : mean(data, {0, 1});
      return fixed_points(varied.cell(), held, states_to_start(varied.cell(), data));
    };
    v["starts"] = {2. * starts_of_a_kind};
    int counted = 0;
    const Bifurcations b = bifurcations(
        [&](double value) {
          const FixedPoints f = points_at(value);
          v["dropped"].push_back(f.count(DescentEnd::too_large) + f.count(DescentEnd::not_finite));
          if (counted++ <= pieces) keep_points(v, value, f.points);  // those at equal distances come first
          return static_cast<int>(f.points.size());
        },
        a.variation->low, a.variation->high, {.pieces = pieces});
    v["values"] = b.values;
    for (const int n : b.points) v["count"].push_back(n);
    for (const Bifurcation& f : b.found) {
      v["at"].push_back(f.at());
      v["width"].push_back(f.high - f.low);
      v["below"].push_back(f.below);
      v["above"].push_back(f.above);
    }
    v.note("option", a.variation->option);
    return v;
  }

  void present(Job& job, const std::vector<Observed>& all, const Amount& a) const override {
    const std::string option = a.variation ? a.variation->option : all.front().values.note("option");
    job.report.section("Bifurcations",
                       fmt::format("The fixed points that are found while the option {} of the cell varies, and the "
                                   "values at which their number changes, by bisection.",
                                   option));
    Table t{.head = {"", option, "to within", "points below", "points above"}, .rows = {}, .caption = {}};
    std::vector<Plot> plots;
    for (const Observed& o : all) {
      job.report.text(sentence(o));
      const Values& v = o.values;
      for (std::size_t k = 0; v.has("at") && k < v.at("at").size(); ++k)
        t.rows.push_back({k == 0 ? name_of(o) : "", fmt::format("{:.6g}", v.at("at")[k]), number_text(v.at("width")[k]),
                          count_text(v.at("below")[k]), count_text(v.at("above")[k])});
      plots.push_back(diagram(o, option));
    }
    if (!t.rows.empty()) job.report.table(t);
    job.report.plots(plots);
  }

  std::string sentence(const Observed& o) const override {
    const Values& v = o.values;
    const std::string option = v.note("option");
    if (!v.has("at"))
      return fmt::format("{}: {} for every {} from {} to {}{}.", o.subject.name,
                         count_text(v.at("count")[0], "fixed point"), option, v.at("values").front(),
                         v.at("values").back(), dropped_text(v));
    std::string text = fmt::format("{}: ", o.subject.name);
    for (std::size_t k = 0; k < v.at("at").size(); ++k)
      text += fmt::format("{}at {} = {:.6g} the number of fixed points goes from {} to {}", k ? "; " : "", option,
                          v.at("at")[k], v.at("below")[k], v.at("above")[k]);
    return text + dropped_text(v) + ".";
  }

 private:
  /// How many starts had no part in a count, at the value where these are the most; empty if none.
  static std::string dropped_text(const Values& v) {
    const double most = v.has("dropped") ? *std::max_element(v.at("dropped").begin(), v.at("dropped").end()) : 0;
    if (most == 0) return {};
    return fmt::format("; up to {} of {} starts were dropped, where a step is not finite or |s| exceeds {:g}", most,
                       v.number("starts"), FixedPointOptions().largest);
  }

  /// What an option of the cell takes instead of all numbers; empty if it does not have the option, or takes numbers.
  static std::string kind_of_option(const std::string& cell, const std::string& option, bool takes_both_ends) {
    for (const OptionInfo& o : cell_options(name_before_options(cell))) {
      if (o.name != option) continue;
      if (o.default_value == "true" || o.default_value == "false") return "true or false";
      if (o.default_value.find('|') != std::string::npos) return "one of " + o.default_value;
    }
    return takes_both_ends ? "a whole number" : "";
  }

  /// The cell's reason against a value of the option, at both ends or between them; empty if it accepts all three.
  static std::string rejected_value(const Subject& s, const Variation& v) {
    constexpr double golden = .6180339887498949;  // irrational: not a whole number, whatever the interval
    for (const double at : {0., 1., golden}) {
      const double value = v.low + at * (v.high - v.low);
      try {
        (void)s.with_cell(v.cell(s.cell_name, value));
      } catch (const Error& e) {
        const std::string kind = kind_of_option(s.cell_name, v.option, at != 0 && at != 1);
        if (kind.empty()) return e.what();
        return fmt::format(
            "OPTION=LOW:HIGH varies an option through all real numbers from LOW to HIGH, and {} is {} ({})", v.option,
            kind, e.what());
      }
    }
    return {};
  }

  static void keep_points(Values& v, double value, const std::vector<FixedPoint>& points) {
    for (const FixedPoint& p : points) {
      const std::string of = p.unstable == 0 ? "stable." : "other.";
      v[of + "value"].push_back(value);
      v[of + "state"].push_back(p.state.at({0}));
    }
  }

  static void add_points(Plot& p, const Values& v, const std::string& name, const std::string& of) {
    if (v.has(of + "value"))
      p.series.push_back({.name = name, .x = v.at(of + "value"), .y = v.at(of + "state"), .dots = true});
  }

  static Plot diagram(const Observed& o, const std::string& option) {
    Plot p{.title = o.subject.name, .x_label = option, .y_label = "first number of the state"};
    p.caption = "Each point is a fixed point.";
    add_points(p, o.values, "stable", "stable.");
    add_points(p, o.values, "saddle or unstable", "other.");
    return p;
  }
};
EBB_MEASURE(bifurcations, BifurcationMeasure, "where the number of fixed points changes, with --vary");

}  // namespace
}  // namespace ebb::app::observe
