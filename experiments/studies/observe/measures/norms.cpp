#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/figure.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/observe/drive.hpp>
#include <ebb/experiments/train/gradient_profile.hpp>

namespace ebb::app::observe {
namespace {

constexpr std::size_t most_lags = 64;  // rows of the heat map

/// The norm of dL_T/ds_t against the lag T - t, over the whole state, as in `ebb vanish`.
struct NormMeasure final : Measure {
  bool reads(std::string_view option) const override { return is_one_of(option, {"--lags", "--rows"}); }

  std::string unfit(const Subject&, const Amount& a) const override { return a.without_loss(); }

  Values measure(const Subject& s, const Amount& a) const override {
    const LagNorms norms = whole_state(gradient_norms(s.model(), s.task(), a.lags, a.rows, s.split));
    const Decay d = decay_of(norms);
    const Estimate rate = study::decay_estimate(norms);
    Values v;
    v["decay"] = {rate.value, rate.error};
    v["mean"] = d.mean;
    v["spread"] = a.rows < study::least_for_error ? std::vector<double>(d.spread.size(), NAN) : d.spread;
    v["per_step"] = {d.per_step};
    v["half_life"] = {d.half_life()};
    return v;
  }

  void present(Job& job, const std::vector<Observed>& all, const Amount& a) const override {
    job.report.section(
        "Gradient norms",
        "The norm of dL_T/ds_t, the gradient of the loss of the last step, T, with respect to the whole state "
        "at step t, against the lag T - t.");
    for (const Observed& o : all) job.report.text(sentence(o));
    Plot p{.title = "Decay of the gradient", .x_label = "lag T - t", .y_label = "norm of dL_T/ds_t", .log_y = true};
    std::size_t longest = 0;  // sequences of the task may be shorter than --lags
    for (const Observed& o : all) longest = std::max(longest, o.values.at("mean").size());
    const bool banded = a.rows >= study::least_for_error;
    p.caption = fmt::format("Geometric mean over {}, up to lag {}{}.", count_text(a.rows, "sequence"), longest - 1,
                            banded ? "; the band is one standard deviation of the logarithm"
                                   : "; no band, which needs at least 3 sequences");
    for (const Observed& o : all) {
      const std::vector<double>&mean = o.values.at("mean"), &spread = o.values.at("spread");
      Series line = line_of(o, {}, {});
      for (std::size_t lag = 0; lag < mean.size(); ++lag) {
        line.x.push_back(double(lag));
        line.y.push_back(std::exp(mean[lag]));
        if (!banded) continue;
        line.low.push_back(std::exp(mean[lag] - spread[lag]));
        line.high.push_back(std::exp(mean[lag] + spread[lag]));
      }
      p.series.push_back(std::move(line));
    }
    job.report.plots({p});
  }

  void testify(const Values& v, study::Evidence& e) const override {
    e.decay = {v.at("decay")[0], v.at("decay")[1]};
    e.last = std::min(e.last, static_cast<int>(v.at("mean").size()) - 1);
  }

  std::vector<Followed> followed(const Values& v) const override {
    return {{.plot = "Decay of the gradient, nats per step",
             .name = "decay",
             .value = v.number("per_step"),
             .caption = "Slope of ln of the norm of dL_T/ds_t against the lag T - t: below zero, the gradient falls "
                        "with the lag."}};
  }

  void present_training(Job& job, const std::vector<OneTraining>& all) const override {
    std::vector<HeatMap> maps;
    for (const OneTraining& t : all) maps.push_back(map_of(t));
    share_scale(maps);
    job.report.heat_maps(maps);
  }

  std::string sentence(const Observed& o) const override {
    const double rate = o.values.number("per_step");
    if (!std::isfinite(rate)) return fmt::format("{}: {}.", o.subject.name, no_decay(o.values.at("mean")));
    const std::vector<double>& decay = o.values.at("decay");
    return fmt::format("{}: {}", o.subject.name, study::gradient_text({decay[0], decay[1]}, o.subject.length));
  }

 private:
  /// Why there is no rate; `mean` has ln of the norm for each lag.
  static std::string no_decay(const std::vector<double>& mean) {
    const auto zero = std::find(mean.begin(), mean.end(), -INFINITY);
    if (zero != mean.end())
      return fmt::format("the gradient is zero from lag {} on, so that its decay has no rate", zero - mean.begin());
    if (std::any_of(mean.begin(), mean.end(), [](double x) { return !std::isfinite(x); }))
      return "the gradient is infinite or NaN, so that its decay has no rate";
    return "the decay of the gradient needs more lags than --lags gives";
  }

  static HeatMap map_of(const OneTraining& t) {
    HeatMap map{.title = "Gradient norms" + (t.name.empty() ? "" : ", " + t.name),
                .x_label = "update",
                .y_label = "lag T - t",
                .value_label = "ln of the norm",
                .caption =
                    "ln of the norm of dL_T/ds_{T - lag} over the whole state, mean over sequences. Blank: the "
                    "gradient is zero, or not a number."};
    const std::size_t lags = t.moments.front().values.at("mean").size(), every = (lags + most_lags - 1) / most_lags;
    for (const Moment& m : t.moments) map.x.push_back(m.update);
    for (std::size_t lag = 0; lag < lags; lag += every) {
      map.y.push_back(double(lag));
      for (const Moment& m : t.moments) map.values.push_back(m.values.at("mean")[lag]);
    }
    const std::size_t row = map.values.size() - t.moments.size();
    if (!std::isnan(map.values[row]) && !std::isnan(map.values.back()))
      map.finding = fmt::format("At lag {:g} it goes from {} before the first update to {} after the last.",
                                map.y.back(), number_text(map.values[row]), number_text(map.values.back()));
    return map;
  }
};
EBB_MEASURE(norms, NormMeasure, "the norm of the gradient against the lag");

}  // namespace
}  // namespace ebb::app::observe
