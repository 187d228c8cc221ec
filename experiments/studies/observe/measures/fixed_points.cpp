#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/observe/drive.hpp>
#include <ebb/observe/fixed_points.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/random.hpp>
#include <ebb/ops/reduce.hpp>

namespace ebb::app::observe {
namespace {

constexpr int most_size = 512, most_starts = 200;

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
  std::string unfit(const Subject& s, const Amount&) const override {
    if (s.state_size() > most_size)
      return fmt::format("the state has {} numbers, more than {}", s.state_size(), most_size);
    return {};
  }

  Values measure(const Subject& s, const Amount& a) const override {
    const int steps = std::min(a.steps, 500);
    const Array data = s.inputs(steps, a.rows);
    const Array held = a.free ? Array::zeros({data.dim(2)}, f64) : mean(data, {0, 1});
    const int n = std::clamp(20'000 / std::max(1, s.state_size()), 20, most_starts);
    const FixedPoints f = fixed_points(s.cell(), held, starts_of(s.cell(), data, n));
    Values v;
    v["starts"] = {double(n / 2 * 2)};
    for (const auto& [name, end] : {std::pair{"fixed", DescentEnd::fixed},
                                    {"slow", DescentEnd::slow},
                                    {"unfinished", DescentEnd::unfinished},
                                    {"not_finite", DescentEnd::not_finite}})
      v["ends." + std::string(name)] = {double(f.count(end))};
    for (const FixedPoint& p : f.points) keep(v, "points.", p);
    for (const FixedPoint& p : f.slow) keep(v, "slow.", p);
    for (const FixedManifold& m : f.manifolds) {
      v["manifolds.dimension"].push_back(m.dimension);
      v["manifolds.points"].push_back(double(m.points.size()));
    }
    return v;
  }

  void present(Job& job, const std::vector<Observed>& all, const Amount& a) const override {
    job.report.section(
        "Fixed and slow points",
        fmt::format("States that the cell leaves unchanged while its input is held at {}. Every fixed point has "
                    "q = |F(s) - s|² / 2 below 1e-24.",
                    a.free ? "zero" : "the mean of the data"));
    Table t{.head = {"", "point", "unstable directions", "starts", "q", "τ of the slowest mode", "its frequency"},
            .rows = {},
            .caption = "τ in steps, negative for a mode that grows; frequency in cycles per step."};
    for (const Observed& o : all) {
      job.report.text(sentence(o));
      add_rows(t, o, "points.");
      add_rows(t, o, "slow.");
    }
    if (!t.rows.empty()) job.report.table(t);
  }

  std::string sentence(const Observed& o) const override {
    const Values& v = o.values;
    const std::size_t n = v.has("points.q") ? v.at("points.q").size() : 0;
    std::string text = fmt::format("{}: {}", o.subject.name, count_text(double(n), "isolated fixed point"));
    if (n > 0) {
      const std::vector<double>& u = v.at("points.unstable");
      const auto stable = std::count(u.begin(), u.end(), 0.0);
      text += n == 1 ? (stable ? ", which is stable" : ", a saddle") : fmt::format(", {} of them stable", stable);
    }
    if (v.has("manifolds.dimension"))
      text += ", " + count_text(double(v.at("manifolds.dimension").size()), "manifold") + " of fixed points";
    if (v.has("slow.q")) text += ", " + count_text(double(v.at("slow.q").size()), "slow point");
    return text + fmt::format(", from {} starts ({} unfinished).", v.number("starts"), v.number("ends.unfinished"));
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

  static void add_rows(Table& t, const Observed& o, const std::string& of) {
    if (!o.values.has(of + "q")) return;
    const auto at = [&](const char* name, std::size_t k) { return number_text(o.values.at(of + name)[k]); };
    for (std::size_t k = 0; k < o.values.at(of + "q").size() && k < 30; ++k)
      t.rows.push_back({name_of(o),
                        of == "slow."                         ? "slow"
                        : o.values.at(of + "unstable")[k] > 0 ? "saddle"
                                                              : "stable",
                        count_text(o.values.at(of + "unstable")[k]), count_text(o.values.at(of + "starts")[k]),
                        at("q", k), at("time_scale", k), at("frequency", k)});
  }
};
EBB_MEASURE(fixed_points, FixedPointMeasure, "fixed and slow points, their stability and modes");

}  // namespace
}  // namespace ebb::app::observe
