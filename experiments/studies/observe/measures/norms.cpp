#include <fmt/format.h>
#include <cmath>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/observe/measure.hpp>
#include <ebb/experiments/train/gradient_profile.hpp>

namespace ebb::app::observe {
namespace {

/// The norm of dL_T/ds_t against the lag T - t, over the whole state, as in `ebb vanish`.
struct NormMeasure final : Measure {
  std::string unfit(const Subject&, const Amount& a) const override { return a.without_loss(); }

  Values measure(const Subject& s, const Amount& a) const override {
    const Decay d = decay_of(whole_state(gradient_norms(s.model(), s.task(), a.lags, a.rows)));
    Values v;
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
      Series line{.name = o.subject.name, .group = o.subject.cell_name};
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
