#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/observe/drive.hpp>
#include <ebb/observe/sensitivity.hpp>

namespace ebb::app::observe {
namespace {

/// How much the state depends on the parameters of the cell, over time.
struct SensitivityMeasure final : Measure {
  bool reads(std::string_view option) const override { return is_one_of(option, {"--length", "--rows", "--free"}); }

  Values measure(const Subject& s, const Amount& a) const override {
    const Amount few = a.by_default(200, 4);
    const Sensitivity x = sensitivity(s.cell(), s.model().w, drive_of(s, few), {}, {.directions = 16});
    Values v;
    v.note("driven", drive_text(s, few));
    v["steps"] = {double(few.steps)};
    for (int t = 0; t < few.steps; ++t) {
      v["whole"].push_back(mean_of(few.rows, [&](int b) { return x.whole.at({t, b}); }));
      v["whole_errors"].push_back(mean_of(few.rows, [&](int b) { return x.whole_errors.at({t, b}); }));
      for (std::size_t l = 0; l < x.parameters.size(); ++l)
        v["norm " + x.parameters[l]].push_back(
            mean_of(few.rows, [&](int b) { return x.norms.at({t, b, static_cast<int>(l)}); }));
    }
    return v;
  }

  void present(Job& job, const std::vector<Observed>& all, const Amount&) const override {
    job.report.section(
        "Sensitivity",
        "|ds_t/dθ|, how much the state depends on all parameters of the cell after t steps, "
        "estimated from 16 random directions per parameter. Where this norm is large, the loss is steep in "
        "the parameters even if the gradient neither vanishes nor explodes over time.");
    Plot p{.title = "Sensitivity of the state", .x_label = "step t", .y_label = "norm of ds_t/dθ", .log_y = true};
    for (const Observed& o : all) {
      job.report.text(sentence(o));
      std::vector<double> t;
      for (std::size_t k = 0; k < o.values.at("whole").size(); ++k) t.push_back(double(k + 1));
      p.series.push_back(line_of(o, t, o.values.at("whole")));
    }
    p.caption = fmt::format("Means over {}.", driven_texts(all));
    job.report.plots({p});
  }

  std::vector<Followed> followed(const Values& v) const override {
    const double value = v.at("whole").back(), error = v.at("whole_errors").back();
    return {{.plot = "Sensitivity of the last state, norm of ds/dθ",
             .name = "sensitivity",
             .value = value,
             .low = value - error,
             .high = value + error,
             .log_y = true,
             .caption = "How much the state after the last step depends on all parameters of the cell, mean over "
                        "sequences. Band: one standard error, over random directions."}};
  }

  std::string sentence(const Observed& o) const override {
    std::string largest;
    double most = -1;
    for (const auto& [name, list] : o.values.all())
      if (name.starts_with("norm ") && list.back() > most) {
        most = list.back();
        largest = name.substr(5);
      }
    return fmt::format("{}: after {} steps |ds/dθ| is {}; it is largest for {}, {}.", o.subject.name,
                       count_text(o.values.number("steps")),
                       estimate_text(o.values.at("whole").back(), o.values.at("whole_errors").back()), largest,
                       number_text(most));
  }

 private:
  template <class F> static double mean_of(int rows, const F& at) {
    double sum = 0;
    for (int b = 0; b < rows; ++b) sum += at(b);
    return sum / rows;
  }
};
EBB_MEASURE(sensitivity, SensitivityMeasure, "how much the state depends on the parameters");

}  // namespace
}  // namespace ebb::app::observe
