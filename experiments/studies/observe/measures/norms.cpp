#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/observe/measure.hpp>
#include <ebb/experiments/train/gradient_profile.hpp>

namespace ebb::app::observe {
namespace {

constexpr std::size_t most_lags = 64;  // rows of the heat map

/// The norm of dL_T/ds_t against the lag T - t, over the whole state, as in `ebb vanish`.
struct NormMeasure final : Measure {
  std::string unfit(const Subject&, const Amount& a) const override { return a.without_loss(); }

  Values measure(const Subject& s, const Amount& a) const override {
    const LagNorms norms = whole_state(gradient_norms(s.model(), s.task(), a.lags, a.rows, s.split));
    const Decay d = decay_of(norms);
    const Estimate rate = study::decay_estimate(norms);
    Values v;
    v["decay"] = {rate.value, rate.error};
    v["mean"] = d.mean;
    v["spread"] = d.spread;
    v["per_step"] = {d.per_step};
    v["half_life"] = {d.half_life()};
    return v;
  }

  void present(Job& job, const std::vector<Observed>& all, const Amount& a) const override {
    job.report.section("Gradient norms",
                       "The norm of the gradient of the loss at step T with respect to the state at step t, "
                       "over the whole state.");
    for (const Observed& o : all) job.report.text(sentence(o));
    Plot p{.title = "Decay of the gradient", .x_label = "lag T - t", .y_label = "norm of dL_T/ds_t", .log_y = true};
    p.caption = fmt::format(
        "Geometric means over sequences, up to lag {}; the band is one standard deviation of the logarithm.", a.lags);
    for (const Observed& o : all) {
      Series line{.name = o.subject.name, .group = o.subject.variant};
      const std::vector<double>&mean = o.values.at("mean"), &spread = o.values.at("spread");
      for (std::size_t lag = 0; lag < mean.size(); ++lag) {
        line.x.push_back(double(lag));
        line.y.push_back(std::exp(mean[lag]));
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
    return {{.plot = "Decay of the gradient, nats per step", .name = "decay", .value = v.number("per_step")}};
  }

  void present_training(Job& job, const std::string& model, const std::vector<Moment>& moments) const override {
    HeatMap map{.title = "Gradient norms" + model,
                .x_label = "update",
                .y_label = "lag T - t",
                .value_label = "ln of the norm",
                .caption =
                    "ln of the norm of dL_T/ds_{T - lag} over the whole state, mean over sequences. Blank: the "
                    "gradient is zero, or not a number."};
    const std::size_t lags = moments.front().values.at("mean").size(), every = (lags + most_lags - 1) / most_lags;
    for (const Moment& m : moments) map.x.push_back(m.update);
    for (std::size_t lag = 0; lag < lags; lag += every) {
      map.y.push_back(double(lag));
      for (const Moment& m : moments) map.values.push_back(m.values.at("mean")[lag]);
    }
    const double last = map.y.back();
    const std::size_t row = map.values.size() - moments.size();
    map.finding = fmt::format("At lag {:g} it goes from {} before the first update to {} after the last.", last,
                              number_text(map.values[row]), number_text(map.values.back()));
    job.report.heat_map(map);
  }

  std::string sentence(const Observed& o) const override {
    const double rate = o.values.number("per_step");
    if (!std::isfinite(rate)) return fmt::format("{}: the decay of the gradient cannot be measured.", o.subject.name);
    if (rate >= 0)
      return fmt::format("{}: the gradient does not vanish: it changes by {} nats per step.", o.subject.name,
                         number_text(rate));
    return fmt::format("{}: the gradient falls by {} nats per step and halves every {} steps.", o.subject.name,
                       number_text(-rate), number_text(o.values.number("half_life")));
  }
};
EBB_MEASURE(norms, NormMeasure, "the norm of the gradient against the lag");

}  // namespace
}  // namespace ebb::app::observe
