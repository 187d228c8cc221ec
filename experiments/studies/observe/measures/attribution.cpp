#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/observe/drive.hpp>
#include <ebb/observe/attribution.hpp>
#include <ebb/observe/gradient_noise.hpp>

namespace ebb::app::observe {
namespace {

/// The gradient of the loss by time step and parameter, and its noise scale.
struct AttributionMeasure final : Measure {
  bool reads(std::string_view option) const override { return is_one_of(option, {"--length", "--rows"}); }

  std::string unfit(const Subject&, const Amount& a) const override { return a.without_loss(); }

  Values measure(const Subject& s, const Amount& a) const override {
    const Batch batch = s.batch(std::min(a.steps, s.length), a.rows);
    const int T = batch.steps();
    const ShardOptions options{.rows = batch.rows(), .dtype = f64, .training = false};
    const ShardLoss loss = [&](Shard& shard) { return s.model().loss(shard, batch); };
    const GradientByTime g = gradient_by_time(Objective(s.model().w, options, loss), {.every = std::max(1, T / 50)});
    Values v;
    v["steps"] = {double(T)};
    for (std::size_t l = 0; l < g.parameters.size(); ++l)
      for (std::size_t n = 0; n < g.times.size(); ++n) {
        if (l == 0) v["times"].push_back(g.times[n]);
        const int at[] = {static_cast<int>(n), static_cast<int>(l)};
        v["norm " + g.parameters[l]].push_back(g.norms.at({at[0], at[1]}));
        v["share " + g.parameters[l]].push_back(g.shares.at({at[0], at[1]}));
      }
    v["difference"] = {g.difference};
    if (batch.rows() >= 3) {
      const GradientNoise noise = gradient_noise(s.model().w, options, loss);
      v["noise_scale"] = {noise.scale.value, noise.scale.error};
    }
    return v;
  }

  void present(Job& job, const std::vector<Observed>& all, const Amount&) const override {
    job.report.section("Attribution",
                       "The gradient of the loss of one batch by the time step at which a parameter is used. "
                       "The parts sum to the whole gradient.");
    std::vector<Plot> plots;
    for (const Observed& o : all) {
      job.report.text(sentence(o));
      Plot p{.title = o.subject.name, .x_label = "time step", .y_label = "norm of the part of dL/dW", .log_y = true};
      p.caption = "At step -1: parameters that are used outside the steps, such as those of the readout.";
      for (const auto& [name, list] : o.values.all())
        if (name.starts_with("norm ") && std::any_of(list.begin(), list.end(), [](double x) { return x > 0; }))
          p.series.push_back({.name = name.substr(5), .x = o.values.at("times"), .y = list});
      plots.push_back(std::move(p));
    }
    job.report.plots(plots);
  }

  std::vector<Followed> followed(const Values& v) const override {
    std::vector<Followed> all{
        {.plot = "Gradient from the last tenth of the steps, share",
         .name = "share",
         .value = parts_of(v).recent,
         .caption = "Share of the gradient of the loss that comes from parameters used in the last tenth of the "
                    "steps: the projection of that part on the whole gradient, which may be negative."}};
    if (!v.has("noise_scale")) return all;
    const double scale = v.at("noise_scale")[0], error = v.at("noise_scale")[1];
    all.push_back({.plot = "Gradient noise scale, sequences",
                   .name = "scale",
                   .value = scale,
                   .low = scale - error,
                   .high = scale + error,
                   .caption = "The batch size at which the noise of the gradient equals the gradient. Band: one "
                              "standard error."});
    return all;
  }

  std::string sentence(const Observed& o) const override {
    const Values& v = o.values;
    const Parts parts = parts_of(v);
    if (!std::isfinite(parts.recent + parts.outside))
      return fmt::format("{}: the gradient is infinite or NaN, so that no step has a share of it.", o.subject.name);
    std::string text = fmt::format("{}: {:.0f} % of the gradient comes from the last tenth of the steps",
                                   o.subject.name, 100 * parts.recent);
    if (parts.outside != 0)
      text += fmt::format(", {:.0f} % from parameters used outside the steps, such as those of the readout",
                          100 * parts.outside);
    if (v.has("noise_scale"))
      text += fmt::format("; noise scale {} sequences", estimate_text(v.at("noise_scale")[0], v.at("noise_scale")[1]));
    return text + ".";
  }

 private:
  struct Parts {
    double recent = 0;   ///< share of the last tenth of the steps
    double outside = 0;  ///< share of parameters used outside the steps
  };
  static Parts parts_of(const Values& v) {
    Parts p;
    for (const auto& [name, list] : v.all()) {
      if (!name.starts_with("share ")) continue;
      for (std::size_t n = 0; n < list.size(); ++n) {
        const double t = v.at("times")[n];
        if (t < 0) p.outside += list[n];
        else if (t >= std::min(.9 * v.number("steps"), v.number("steps") - 1)) p.recent += list[n];
      }
    }
    return p;
  }
};
EBB_MEASURE(attribution, AttributionMeasure, "the gradient of the loss by time step and parameter, its noise scale");

}  // namespace
}  // namespace ebb::app::observe
