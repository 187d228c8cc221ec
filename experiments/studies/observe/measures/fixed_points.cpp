#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/observe/drive.hpp>
#include <ebb/experiments/studies/observe/plane.hpp>
#include <ebb/observe/fixed_points.hpp>
#include <ebb/observe/held_map.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/random.hpp>
#include <ebb/ops/reduce.hpp>

namespace ebb::app::observe {
namespace {

constexpr int most_size = 512, most_starts = 200;
constexpr int most_projected = 600, rows_projected = 3;  // states of the plot

/// Half of the starts are states along the data with noise. The others lie between two such states, where the saddles
/// between stable points are.
Array starts_of(const Cell& cell, const Array& data, int n) {
  const int half = n / 2;
  const Array along = starts_along(Trajectory(cell, data), 3 * half, .1, Key{1}), a = along.range(0, half),
              b = along.range(half, 2 * half), share = uniform({half, 1}, Key{2}, 0, 1, f64);
  const Array parts[] = {along.range(2 * half, 3 * half), a * share + b * (1.0 - share)};
  return concat(parts, 2, 0);
}

/// Fixed and slow points with the input held at its mean over the data, from states along the data and between them.
struct FixedPointMeasure final : Measure {
  bool reads(std::string_view option) const override { return is_one_of(option, {"--length", "--rows", "--free"}); }

  std::string unfit(const Subject& s, const Amount&) const override {
    if (s.state_size() > most_size)
      return fmt::format("the state has {} numbers, more than {}", s.state_size(), most_size);
    try {
      const ebb::detail::HeldMap map(s.cell(), Array::zeros({s.cell().sizes().input}, f64));
      return map.not_autonomous(Array::zeros({1, s.state_size()}, f64));
    } catch (const std::exception&) {  // a step that throws: the measurement fails and says so
      return {};
    }
  }

  Values measure(const Subject& s, const Amount& a) const override {
    const Amount few = a.by_default(500, a.rows);
    const Array data = s.inputs(few.steps, few.rows);
    const Array held = a.free ? Array::zeros({data.dim(2)}, f64) : mean(data, {0, 1});
    const int n = std::clamp(20'000 / std::max(1, s.state_size()), 20, most_starts);
    const FixedPoints f = fixed_points(s.cell(), held, starts_of(s.cell(), data, n));
    Values v;
    v["starts"] = {double(n / 2 * 2)};
    for (const auto& [name, end] : {std::pair{"fixed", DescentEnd::fixed},
                                    {"slow", DescentEnd::slow},
                                    {"unfinished", DescentEnd::unfinished},
                                    {"not_finite", DescentEnd::not_finite},
                                    {"too_large", DescentEnd::too_large}})
      v["ends." + std::string(name)] = {double(f.count(end))};
    for (const FixedPoint& p : f.points) keep(v, "points.", p);
    for (const FixedPoint& p : f.slow) keep(v, "slow.", p);
    for (const FixedManifold& m : f.manifolds) {
      v["manifolds.dimension"].push_back(m.dimension);
      v["manifolds.points"].push_back(double(m.points.size()));
    }
    project(v, s.cell(), data, held, f);
    return v;
  }

  void present(Job& job, const std::vector<Observed>& all, const Amount& a) const override {
    std::vector<std::string> tasks;
    for (const Observed& o : all)
      if (const std::string task = o.subject.task().name(); std::find(tasks.begin(), tasks.end(), task) == tasks.end())
        tasks.push_back(task);
    job.report.section(
        "Fixed and slow points",
        fmt::format("States that the cell leaves unchanged while its input is held at {}. Every fixed point has "
                    "q = |F(s) - s|² / 2 below 1e-24. The search starts from states along the data of {}, with noise, "
                    "and between them.",
                    a.free ? "zero" : "the mean of the data", tasks.size() == 1 ? tasks.front() : "each model's task"));
    Table t{
        .head = {"", "point", "unstable directions", "starts", "q", "τ of the leading mode", "its frequency"},
        .rows = {},
        .caption =
            "Leading: with the largest |λ|, which decays last or grows fastest. τ in steps, negative for a mode that "
            "grows; frequency in cycles per step."};
    for (const Observed& o : all) {
      job.report.text(sentence(o));
      const std::size_t before = t.rows.size();
      add_rows(t, o, "points.");
      add_rows(t, o, "slow.");
      if (t.rows.size() > before) t.rows[before][0] = name_of(o);
    }
    if (!t.rows.empty()) job.report.table(t);
    std::vector<Plot> planes;
    for (const Observed& o : all) planes.push_back(plane_of(o));
    for (std::size_t k = 0; k < planes.size(); k += 2)
      job.report.plots({planes.begin() + static_cast<std::ptrdiff_t>(k),
                        planes.begin() + static_cast<std::ptrdiff_t>(std::min(k + 2, planes.size()))});
  }

  std::vector<Followed> followed(const Values& v) const override {
    const auto count = [&](const std::string& list) { return v.has(list) ? double(v.at(list).size()) : 0; };
    double stable = 0;
    if (v.has("points.unstable"))
      for (const double unstable : v.at("points.unstable")) stable += unstable == 0;
    const std::string plot = "Fixed and slow points, number";
    const std::string caption =
        "Isolated fixed points, stable or not, and slow points, with the input held at its mean.";
    return {{.plot = plot, .name = "stable", .value = stable, .caption = caption},
            {.plot = plot, .name = "saddles", .value = count("points.unstable") - stable, .caption = caption},
            {.plot = plot, .name = "slow", .value = count("slow.q"), .caption = caption}};
  }

  std::string sentence(const Observed& o) const override {
    const Values& v = o.values;
    const std::size_t n = v.has("points.q") ? v.at("points.q").size() : 0;
    std::string text = fmt::format("{}: {}", o.subject.name, count_text(double(n), "isolated fixed point"));
    if (n > 0) {
      const std::vector<double>& u = v.at("points.unstable");
      const auto stable = std::count(u.begin(), u.end(), 0.0);
      text += n == 1 ? (stable                           ? ", which is stable"
                        : u[0] == o.subject.state_size() ? ", unstable in every direction"
                                                         : ", a saddle")
                     : fmt::format(", {} of them stable", stable);
    }
    if (v.has("manifolds.dimension"))
      text += fmt::format(", {} of fixed points, of dimension {}",
                          count_text(double(v.at("manifolds.dimension").size()), "manifold"),
                          fmt::join(v.at("manifolds.dimension"), ", "));
    if (v.has("slow.q")) text += ", " + count_text(double(v.at("slow.q").size()), "slow point");
    text += fmt::format(", from {} starts: {} ended at a fixed point, {} where the state is slow, {} unfinished",
                        v.number("starts"), v.number("ends.fixed"), v.number("ends.slow"), v.number("ends.unfinished"));
    if (const double n = v.number("ends.not_finite"); n > 0) text += fmt::format(", {} where a step is not finite", n);
    if (const double n = v.has("ends.too_large") ? v.number("ends.too_large") : 0; n > 0)
      text += fmt::format(", {} dropped because |s| exceeds {:g}, where rounding hides whether a state is fixed", n,
                          FixedPointOptions().largest);
    return text + ".";
  }

 private:
  static void keep(Values& v, const std::string& of, const FixedPoint& p) {
    v[of + "q"].push_back(p.q);
    v[of + "speed"].push_back(p.speed());
    v[of + "unstable"].push_back(p.unstable);
    v[of + "neutral"].push_back(p.neutral);
    v[of + "starts"].push_back(double(p.starts.size()));
    v[of + "time_scale"].push_back(p.time_scale(0));
    v[of + "frequency"].push_back(p.frequency(0));
    for (const double x : list_of(p.state)) v[of + "states"].push_back(x);
    for (const double x : list_of(p.real)) v[of + "real"].push_back(x);
    for (const double x : list_of(p.imag)) v[of + "imag"].push_back(x);
  }

  /// Everything in the plane of the states along the data: these, the points, and the leading unstable direction of
  /// saddles, if its eigenvalue is real.
  static void project(Values& v, const Cell& cell, const Array& data, const Array& held, const FixedPoints& f) {
    std::vector<Array> states;
    for (Trajectory s(cell, data); static_cast<int>(states.size()) < most_projected; s.advance()) {
      for (int row = 0; row < std::min(s.rows(), rows_projected); ++row)
        states.push_back(s.state().range(row, row + 1));
      if (s.ended()) break;
    }
    const Array all = concat(states.data(), static_cast<int>(states.size()), 0);
    const Plane plane(all);
    const auto put = [&](const std::string& of, const std::pair<double, double>& at) {
      v["plane." + of + ".x"].push_back(at.first);
      v["plane." + of + ".y"].push_back(at.second);
    };
    v["plane.share"] = {plane.share()};
    for (int k = 0; k < all.dim(0); ++k) put("states", plane.of_state(all[k]));
    for (const FixedPoint& p : f.slow) put("slow", plane.of_state(p.state));
    for (const FixedManifold& m : f.manifolds)
      for (const FixedPoint& p : m.points) put("manifold", plane.of_state(p.state));
    const double length = spread_of_states(v) / 5;
    for (const FixedPoint& p : f.points) {
      const auto at = plane.of_state(p.state);
      put(p.unstable > 0 ? "saddle" : "stable", at);
      if (p.unstable == 0) continue;
      const Array start = p.state.reshape({1, p.state.dim(0)}), x = held.reshape({1, held.dim(0)});
      const Array direction = leading_direction(Trajectory(cell, Drive::held(x, 1), start).jacobian()[0]);
      if (!direction) continue;
      const auto along = plane.of_direction(direction);
      for (const double side : {-1., 1.})
        put("direction", {at.first + side * length * along.first, at.second + side * length * along.second});
    }
  }

  static double spread_of_states(const Values& v) {
    double most = 0;
    for (const char* axis : {"plane.states.x", "plane.states.y"}) {
      const auto [low, high] = std::minmax_element(v.at(axis).begin(), v.at(axis).end());
      most = std::max(most, *high - *low);
    }
    return most > 0 ? most : 1;
  }

  static Plot plane_of(const Observed& o) {
    const Values& v = o.values;
    Plot p{.title = "Fixed points of " + o.subject.name, .x_label = "first component", .y_label = "second component"};
    p.equal = true;
    p.caption = fmt::format(
        "In the plane of the two principal components of the states along the data of {}, with {:.0f} % of their "
        "variance.",
        o.subject.task().name(), 100 * v.number("plane.share"));
    if (v.has("plane.direction.x")) p.caption += " Grey lines: the direction in which a saddle is left fastest.";
    for (const char* const kind : {"states", "stable", "saddle", "slow", "manifold"})
      if (const std::string at = fmt::format("plane.{}.", kind); v.has(at + "x"))
        p.series.push_back({.name = kind, .x = v.at(at + "x"), .y = v.at(at + "y"), .dots = true});
    if (!v.has("plane.direction.x")) return p;
    const std::vector<double>&x = v.at("plane.direction.x"), &y = v.at("plane.direction.y");
    for (std::size_t k = 0; k + 1 < x.size(); k += 2) {
      const bool ascending = x[k] <= x[k + 1];
      const std::size_t left = ascending ? k : k + 1, right = ascending ? k + 1 : k;
      p.marks.push_back({.name = "unstable direction", .x = {x[left], x[right]}, .y = {y[left], y[right]}});
    }
    return p;
  }

  static void add_rows(Table& t, const Observed& o, const std::string& of) {
    if (!o.values.has(of + "q")) return;
    const auto at = [&](const char* name, std::size_t k) { return number_text(o.values.at(of + name)[k]); };
    for (std::size_t k = 0; k < o.values.at(of + "q").size() && k < 30; ++k)
      t.rows.push_back({"",
                        of == "slow."                                               ? "slow"
                        : o.values.at(of + "unstable")[k] == o.subject.state_size() ? "unstable"
                        : o.values.at(of + "unstable")[k] > 0                       ? "saddle"
                                                                                    : "stable",
                        count_text(o.values.at(of + "unstable")[k]), count_text(o.values.at(of + "starts")[k]),
                        at("q", k), at("time_scale", k), at("frequency", k)});
  }
};
EBB_MEASURE(fixed_points, FixedPointMeasure, "fixed and slow points, their stability and modes");

}  // namespace
}  // namespace ebb::app::observe
