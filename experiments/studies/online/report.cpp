#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/online/online.hpp>
#include <ebb/experiments/studies/study.hpp>
#include <iterator>

namespace ebb::app::online {
namespace {

using namespace study;

double mean_cosine(const OnlineRun& r) { return spread_of(r.cosine).mean; }
double mean_ratio(const OnlineRun& r) { return spread_of(r.ratio).mean; }
double online_loss(const OnlineRun& r) { return r.online; }
double test_loss_of(const OnlineRun& r) { return r.test; }
double microseconds(const OnlineRun& r) { return 1e6 * r.seconds; }

Spread of(const MethodResult& m, double (*what)(const OnlineRun&)) {
  std::vector<double> all;
  for (const OnlineRun& r : m.runs)
    if (r.done) all.push_back(what(r));
  return spread_of(all);
}

std::string error_text(const Spread& s) { return std::isfinite(s.mean) ? text_of(s) : std::string("–"); }
std::string plain(const Spread& s, const char* format) {
  return std::isfinite(s.mean) ? fmt::format(fmt::runtime(format), s.mean) : std::string("–");
}

Table table_of(const SeriesResult& s) {
  Table t{.head = {"gradient", "online", "test", "cosine", "norm ratio", "µs a step"},
          .caption =
              "Squared error over the variance of the series: online, of the last tenth of the steps, each before its "
              "update; and on the test split. Cosine to the exact gradient of the step's loss and ratio of the norms, "
              "for the cell's parameters, means over training. Mean and (from 3 seeds) standard deviation of the runs "
              "that were completed."};
  for (const MethodResult& m : s.methods)
    t.rows.push_back({m.name, error_text(of(m, online_loss)), error_text(of(m, test_loss_of)),
                      plain(of(m, mean_cosine), "{:.3f}"), plain(of(m, mean_ratio), "{:.3g}"),
                      plain(of(m, microseconds), "{:.0f}")});
  return t;
}

/// "Mean over training: rtrl 0.995, snap1 0.683."
std::string means_text(const SeriesResult& s, double (*what)(const OnlineRun&)) {
  std::string text;
  for (const MethodResult& m : s.methods)
    if (const Spread x = of(m, what); std::isfinite(x.mean))
      text += fmt::format("{}{} {:.3g}", text.empty() ? "Mean over training: " : ", ", m.name, x.mean);
  return text.empty() ? text : text + ".";
}

using Values = std::vector<double> OnlineRun::*;

Plot plot_of(const SeriesResult& s, Plot plot, Values x, Values y) {
  plot.x_label = "step";
  std::vector<std::vector<Curve>> of_methods;
  for (const MethodResult& m : s.methods) {
    std::vector<Curve> curves;
    for (const OnlineRun& r : m.runs) curves.push_back({r.*x, r.*y});
    plot.series.push_back(line_of(m.name, curves, plot.log_y, 60));
    of_methods.push_back(std::move(curves));
  }
  plot.finding = ends_text(plot.series);
  for (std::size_t k = 0; y == &OnlineRun::loss && k < of_methods.size(); ++k)
    add_seeds(plot, s.methods[k].name, of_methods[k], plot.log_y);
  return plot;
}

std::string verdict(const SeriesResult& s) {
  const MethodResult *best = nullptr, *closest = nullptr;
  for (const MethodResult& m : s.methods) {
    if (const double x = of(m, online_loss).mean; std::isfinite(x) && (!best || x < of(*best, online_loss).mean))
      best = &m;
    if (const double x = of(m, mean_cosine).mean; std::isfinite(x) && (!closest || x > of(*closest, mean_cosine).mean))
      closest = &m;
  }
  if (!best) return "No run was completed.";
  std::string text = fmt::format("The smallest error at the end is that of {}: {} of the variance.", best->name,
                                 number_text(of(*best, online_loss).mean));
  if (closest)
    text += fmt::format(" The closest to the exact gradient is {}, with a cosine of {:.3f}.", closest->name,
                        of(*closest, mean_cosine).mean);
  return text;
}

}  // namespace

void add_to_report(Job& job, const SeriesResult& s, const OnlineSettings& o) {
  const std::string settings =
      fmt::format("{}: {}, hidden {}, {}, {} with an update each, {} at {:g}, state reset every {}; {}", s.name, o.cell,
                  o.hidden, count_text(o.rows, "row"), count_text(o.steps, "step"), o.optimizer, o.lr, o.reset, s.data);
  job.report.section(s.name, verdict(s));
  show(job, settings, table_of(s), verdict(s));
  Plot loss = plot_of(s, {.title = "Online error", .y_label = "squared error / variance", .log_y = true},
                      &OnlineRun::step, &OnlineRun::loss);
  loss.caption = "Each step's error before its update, averaged between points; thin: single seeds.";
  Plot cosine =
      plot_of(s, {.title = "Cosine to the exact gradient", .y_label = "cosine"}, &OnlineRun::at, &OnlineRun::cosine);
  cosine.finding = means_text(s, mean_cosine);
  cosine.caption = fmt::format(
      "Every {} steps: of the gradient that was used and that of backpropagation through all steps since the reset, at "
      "the same weights.",
      o.measure);
  Plot ratio = plot_of(s, {.title = "Norm ratio", .y_label = "norm / exact norm", .log_y = true}, &OnlineRun::at,
                       &OnlineRun::ratio);
  ratio.finding = means_text(s, mean_ratio);
  ratio.caption = "Of the same two gradients.";
  job.report.plots({loss});
  job.report.plots({cosine, ratio});
  job.report.note(settings + ".");
}

void add_to_summary(Job& job, const SeriesResult& s) {
  const auto series = job.summary.under({"series", s.name});
  series.set({"data"}, s.data);
  for (const MethodResult& m : s.methods) {
    const auto method = series.under({"gradients", m.name});
    method.set({"online"}, of(m, online_loss).mean);
    method.set({"loss"}, of(m, test_loss_of).mean);
    method.set({"cosine"}, of(m, mean_cosine).mean);
    method.set({"norm_ratio"}, of(m, mean_ratio).mean);
    method.set({"seconds_a_step"}, 1e-6 * of(m, microseconds).mean);
    for (std::size_t k = 0; k < m.runs.size(); ++k) {
      const OnlineRun& r = m.runs[k];
      const auto run = method.under({"runs", std::to_string(job.seeds()[k])});
      run.set({"begun"}, r.begun);
      run.set({"done"}, r.done);
      run.set({"diverged"}, r.diverged);
      run.set({"online"}, r.online);
      run.set({"loss"}, r.test);
      run.set({"cosine"}, mean_cosine(r));
      run.set({"norm_ratio"}, mean_ratio(r));
    }
  }
}

void write_curves(Job& job, const std::vector<SeriesResult>& results) {
  std::string learning = "series,gradient,seed,step,loss\n",
              gradients = "series,gradient,seed,step,cosine,norm_ratio\n";
  for (const SeriesResult& s : results)
    for (const MethodResult& m : s.methods)
      for (std::size_t k = 0; k < m.runs.size(); ++k) {
        const OnlineRun& r = m.runs[k];
        for (std::size_t i = 0; i < r.step.size(); ++i)
          fmt::format_to(std::back_inserter(learning), "{},{},{},{:.0f},{}\n", s.name, m.name, job.seeds()[k],
                         r.step[i], csv_text(r.loss[i]));
        for (std::size_t i = 0; i < r.at.size(); ++i)
          fmt::format_to(std::back_inserter(gradients), "{},{},{},{:.0f},{},{}\n", s.name, m.name, job.seeds()[k],
                         r.at[i], csv_text(r.cosine[i]), csv_text(r.ratio[i]));
      }
  job.write("learning.csv", learning);
  job.write("gradients.csv", gradients);
}

}  // namespace ebb::app::online
