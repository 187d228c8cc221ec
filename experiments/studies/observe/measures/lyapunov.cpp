#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/observe/sizes.hpp>
#include <ebb/observe/lyapunov.hpp>
#include <numbers>
#include <numeric>

namespace ebb::app::observe {
namespace {

constexpr std::size_t most_followed = 4;  // exponents over training

/// The Lyapunov exponents along the data: all, with the check by determinants, or the leading ones.
struct LyapunovMeasure final : Measure {
  bool reads(std::string_view option) const override {
    return is_one_of(option, {"--length", "--rows", "--free", "--spread", "--directions", "--determinants"});
  }

  std::string unfit(const Subject& s, const Amount& a) const override {
    if (const int least = LyapunovOptions().blocks; a.steps - a.steps / 10 < least)
      return fmt::format("{} are too few: after the warm-up, a tenth of them, its {} blocks need a step each",
                         count_text(a.steps, "step"), least);
    if (!a.leading || a.leading->count(s.state_size()) <= s.state_size()) return {};
    return fmt::format("--directions {} is more than the {} of its state", a.leading->count(s.state_size()),
                       s.state_size());
  }

  Values measure(const Subject& s, const Amount& a) const override {
    const int k = a.leading ? a.leading->count(s.state_size()) : 0;
    const Lyapunov l =
        lyapunov(s.cell(), drive_of(s, a), start_of(s, a), {.directions = k, .determinants = a.determinants});
    Values v;
    for (const Estimate& e : l.exponents) {
      v["exponents"].push_back(e.value);
      v["errors"].push_back(e.error);
    }
    v["of_rows"] = list_of(l.of_rows);
    v["of_blocks"] = list_of(l.of_blocks);
    v["mean"] = {l.mean.value, l.mean.error};
    v["dimension"] = {l.dimension.value, l.dimension.error};
    v["entropy_rate"] = {l.entropy_rate.value, l.entropy_rate.error};
    v["positive_share"] = {l.positive_share.value, l.positive_share.error};
    v["state_size"] = {double(l.state_size)};
    v["steps"] = {double(l.warm_up), double(l.steps)};
    v["sum"] = {l.sum};
    v["log_determinant"] = {l.log_determinant};
    v["difference"] = {l.checked ? l.difference : NAN};
    v["lost"] = {l.lost, l.lost_by_elimination};
    v.note("driven", drive_text(s, a));
    return v;
  }

  void present(Job& job, const std::vector<Observed>& all, const Amount&) const override {
    job.report.section(
        "Lyapunov exponents",
        "The rates, in nats per step, at which small differences of the state grow (above zero) or decay. The "
        "largest one, λ₁, determines how far back a gradient reaches: over long lags, its norm changes by the "
        "factor e^λ₁ per step.");
    for (const Observed& o : all) job.report.text(sentence(o));
    job.report.table(table(all));
    job.report.plots({spectrum(all), convergence(all)});
    present_limits(job, all,
                   {{"λ₁", [](const Values& v) { return Estimate{v.at("exponents")[0], v.at("errors")[0]}; }},
                    {"mean λ", [](const Values& v) { return share(v, "mean", 1); }},
                    {"share of λ > 0", [](const Values& v) { return share(v, "positive_share", 1); }},
                    {"dimension / S", [](const Values& v) { return share(v, "dimension", v.number("state_size")); }}},
                   "lyapunov-limits");
  }

  void testify(const Values& v, study::Evidence& e) const override {
    e.exponent = {v.at("exponents")[0], v.at("errors")[0]};
  }

  std::vector<Followed> followed(const Values& v) const override {
    std::vector<Followed> all;
    const std::vector<double>&exponents = v.at("exponents"), &errors = v.at("errors");
    for (std::size_t k = 0; k < std::min<std::size_t>(most_followed, exponents.size()); ++k)
      all.push_back({.plot = "Lyapunov exponents, nats per step",
                     .name = fmt::format("λ{}", k + 1),
                     .value = exponents[k],
                     .low = exponents[k] - errors[k],
                     .high = exponents[k] + errors[k],
                     .caption = "The leading exponents: the rates at which small differences of the state grow or "
                                "decay. Bands: one standard error, from blocks of steps. -∞ leaves a gap."});
    all.push_back({.plot = "Kaplan-Yorke dimension",
                   .name = "dimension",
                   .value = v.at("dimension")[0],
                   .caption = "The number of leading exponents whose sum is not below zero, interpolated; 0 if λ₁ is "
                              "negative."});
    return all;
  }

  std::string sentence(const Observed& o) const override {
    const double first = o.values.at("exponents")[0], error = o.values.at("errors")[0];
    const std::string value = fmt::format("{}: λ₁ = {} nats per step", o.subject.name, exponent_text(first, error));
    if (first == -INFINITY)
      return fmt::format(
          "{}: within a sequence every direction of the state is mapped to zero (lost: {:.3g} of {}), by one step or "
          "by "
          "several together, so that no small difference survives and no gradient comes back.",
          value, o.values.number("lost"), count_text(o.values.number("state_size")));
    const double zero = std::isnan(error) ? exponent_rounding : std::max(2 * error, exponent_rounding);
    if (first > zero)
      return value +
             ": small differences grow, and over long lags gradients explode. If the states stay bounded, the "
             "dynamics are chaotic.";
    if (first >= -zero && zero == exponent_rounding)
      return value + ", not different from zero: over long lags gradients neither vanish nor explode.";
    if (first >= -zero)
      return fmt::format(
          "{}, not different from zero: within two errors it is between {} and {}, so that a gradient of 100 steps may "
          "change by a factor of {} to {}.",
          value, number_text(first - 2 * error), number_text(first + 2 * error),
          power_text((first - 2 * error) * 100 / std::numbers::ln10, 1),
          power_text((first + 2 * error) * 100 / std::numbers::ln10, 1));
    return fmt::format("{}: a gradient halves every {} steps.", value, number_text(std::numbers::ln2 / -first));
  }

 private:
  static Table table(const std::vector<Observed>& all) {
    Table t{
        .head = {"", "S", "λ₁", "λ_S", "mean λ", "λ > 0", "dimension", "entropy", "lost", "check"},
        .rows = {},
        .caption =
            "S: numbers in the state. λ₁ and λ_S: the largest and the smallest exponent, in nats per step; λ > 0: the "
            "share of positive ones. Dimension: Kaplan-Yorke. Entropy: the sum of the positive exponents, in nats "
            "per step. Standard errors come from blocks of steps. Lost: directions per sequence that a step maps "
            "to zero, which have the exponent -∞. Check: |Σλ - mean of ln |det J||, with determinants from "
            "separate LU factorisations. With leading exponents only, λ_S and the check are –, the mean of all "
            "exponents is that of ln |det J| / S, and ≥ marks a lower bound, where further exponents are needed."};
    for (const Observed& o : all) {
      const Values& v = o.values;
      const auto pair = [&](const char* name) {
        return std::isnan(v.at(name)[0]) ? number_text(NAN) : exponent_text(v.at(name)[0], v.at(name)[1]);
      };
      const auto bounded = [&](const char* name, double bound) {
        return std::isnan(v.at(name)[0]) ? "≥ " + number_text(bound) : pair(name);
      };
      t.rows.push_back({name_of(o), count_text(v.number("state_size")),
                        exponent_text(v.at("exponents")[0], v.at("errors")[0]), last(v), pair("mean"),
                        bounded("positive_share", followed_share(v)),
                        bounded("dimension", double(v.at("exponents").size())), bounded("entropy_rate", sum(v)),
                        fmt::format("{:.3g}", v.number("lost")), number_text(v.number("difference"))});
    }
    return t;
  }

  /// The smallest exponent, if all were computed.
  static std::string last(const Values& v) {
    if (double(v.at("exponents").size()) < v.number("state_size")) return "–";
    return exponent_text(v.at("exponents").back(), v.at("errors").back());
  }

  /// Without digits that are rounding.
  static std::string exponent_text(double value, double error) {
    value = without_rounding(value);
    return error < exponent_rounding ? number_text(value) : estimate_text(value, error);
  }

  static double sum(const Values& v) {
    const std::vector<double>& e = v.at("exponents");
    return std::accumulate(e.begin(), e.end(), 0.0);
  }

  static double followed_share(const Values& v) { return double(v.at("exponents").size()) / v.number("state_size"); }

  static Estimate share(const Values& v, const char* name, double of) {
    return {v.at(name)[0] / of, v.at(name)[1] / of};
  }

  static Plot spectrum(const std::vector<Observed>& all) {
    Plot p{.title = "Spectrum", .x_label = "index / S", .y_label = "exponent, nats per step"};
    p.caption =
        "Exponents in descending order, with their standard errors as bands. Those of lost directions, -∞, are not "
        "drawn, so that the line of a cell that loses some ends early.";
    for (const Observed& o : all) {
      Series line = line_of(o, {}, {});
      const std::vector<double>& e = o.values.at("exponents");
      for (std::size_t k = 0; k < e.size(); ++k) {
        line.x.push_back((double(k) + .5) / o.values.number("state_size"));
        line.y.push_back(without_rounding(e[k]));
        line.low.push_back(without_rounding(e[k] - o.values.at("errors")[k]));
        line.high.push_back(without_rounding(e[k] + o.values.at("errors")[k]));
      }
      const auto above = std::count_if(e.begin(), e.end(), [](double x) { return x > exponent_rounding; });
      p.finding += fmt::format("{}{}: {} of {} above zero", p.finding.empty() ? "" : "; ", o.subject.name, above,
                               count_text(o.values.number("state_size"), "exponent"));
      p.series.push_back(std::move(line));
    }
    p.finding += ".";
    p.marks.push_back({.name = "neither growth nor decay", .x = {0, 1}, .y = {0, 0}});
    return p;
  }

  static Plot convergence(const std::vector<Observed>& all) {
    Plot p{.title = "λ₁ over time", .x_label = "step", .y_label = "λ₁ of a block, nats per step"};
    p.caption = "The largest exponent in each block of steps: a trend means that the run is too short.";
    for (const Observed& o : all) {
      Series line = line_of(o, {}, {});
      line.beads = true;
      const std::vector<double>&blocks = o.values.at("of_blocks"), &steps = o.values.at("steps");
      const std::size_t k = o.values.at("exponents").size(), n = blocks.size() / k;
      for (std::size_t b = 0; b < n; ++b) {
        line.x.push_back(steps[0] + (double(b) + .5) * steps[1] / double(n));
        line.y.push_back(without_rounding(blocks[b * k]));
      }
      if (n > 0)
        p.finding += fmt::format("{}{}: {} in the first block, {} in the last", p.finding.empty() ? "" : "; ",
                                 o.subject.name, number_text(line.y.front()), number_text(line.y.back()));
      p.series.push_back(std::move(line));
    }
    if (!p.finding.empty()) p.finding += ".";
    return p;
  }
};
EBB_MEASURE(lyapunov, LyapunovMeasure, "Lyapunov exponents, dimension, entropy rate");

}  // namespace
}  // namespace ebb::app::observe
