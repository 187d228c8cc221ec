#include <fmt/format.h>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/forcing/forcing.hpp>
#include <ebb/experiments/studies/study.hpp>
#include <iterator>

namespace ebb::app::forcing {
namespace {

using namespace study;

std::vector<double> each(const Way& w, const std::function<double(const WayRun&)>& of) {
  std::vector<double> all;
  for (const WayRun& r : w.runs)
    if (r.done) all.push_back(of(r));
  return all;
}

double at(const std::vector<double>& by_step, int step) {
  return step >= 1 && static_cast<std::size_t>(step) <= by_step.size() ? by_step[static_cast<std::size_t>(step - 1)]
                                                                       : NAN;
}

std::vector<int> marks_of(const Practice& p) {
  std::vector<int> marks;
  for (const int step : {1, 10, 50, 100})
    if (step < p.free) marks.push_back(step);
  marks.push_back(p.free);
  return marks;
}

Spread forced_of(const Way& w, int steps) {
  return spread_of(each(w, [=](const WayRun& r) { return 100 * Errors::over(r.errors.forced, steps); }));
}
Spread free_of(const Way& w, int steps) {
  return spread_of(each(w, [=](const WayRun& r) { return 100 * Errors::over(r.errors.free, steps); }));
}

std::string percent(const Spread& s) { return std::isfinite(s.mean) ? fmt::format("{:.2f}", s.mean) : "–"; }

Table table_of(const std::vector<Way>& ways, const Practice& p) {
  Table t{.head = {"trained by", "forced"},
          .caption =
              "NRMSE in %: always predicting the mean gives 100. Forced: each forecast from true values. "
              "Free: from its own forecasts, at the given step after the context, and over all steps."};
  for (const int step : marks_of(p)) t.head.push_back(fmt::format("{}{}", step == 1 ? "free, step " : "", step));
  t.head.push_back("free, all");
  for (const Way& w : ways) {
    std::vector<Entry> row{w.name, percent(forced_of(w, p.free))};
    for (const int step : marks_of(p))
      row.push_back(percent(spread_of(each(w, [=](const WayRun& r) { return 100 * at(r.errors.free, step); }))));
    row.push_back(text_of(free_of(w, p.free)));
    t.rows.push_back(row);
  }
  return t;
}

std::string verdict(const std::vector<Way>& ways, const Practice& p) {
  const Way* best = nullptr;
  std::string text;
  for (const Way& w : ways)
    if (const Spread s = free_of(w, p.free); std::isfinite(s.mean) && (!best || s.mean < free_of(*best, p.free).mean))
      best = &w;
  if (!best) return "No variant was completed.";
  text = fmt::format("Over {} free-running steps, {} has the smallest error: {:.1f} %", p.free, best->name,
                     free_of(*best, p.free).mean);
  for (const Way& w : ways)
    if (w.name == "forcing" && &w != best)
      text += fmt::format("; teacher forcing has {:.1f} %. With true inputs the errors are {:.2f} % and {:.2f} %",
                          free_of(w, p.free).mean, forced_of(*best, p.free).mean, forced_of(w, p.free).mean);
  return text + ".";
}

Series by_step(const Way& w, bool free) {
  std::vector<Curve> curves;
  for (const WayRun& r : w.runs) {
    Curve c;
    const auto& errors = free ? r.errors.free : r.errors.forced;
    for (std::size_t k = 0; k < errors.size(); ++k) {
      c.x.push_back(static_cast<double>(k + 1));
      c.y.push_back(100 * errors[k]);
    }
    curves.push_back(c);
  }
  Series s = line_of(w.name, curves, true, 400);
  if (!free) {
    s.name += ", forced";
    s.dashed = true;
    s.low.clear();
    s.high.clear();
  }
  return s;
}

}  // namespace

void add_to_report(Job& job, const std::vector<Way>& ways, const Practice& p, const std::string& data) {
  const std::string settings = fmt::format(
      "{}, hidden {}, {} and {} in training, {}, {}, Adam, one cycle to {:g}; "
      "half true inputs after {:g} of them; {}",
      p.cell, p.hidden, count_text(p.context, "true value"), count_text(p.horizon, "further step"),
      count_text(p.batch, "row"), count_text(p.steps, "update"), p.lr, p.half, data);
  Plot errors{
      .title = "Free running", .x_label = "steps after the last true value", .y_label = "NRMSE (%)", .log_y = true};
  for (const Way& w : ways) errors.series.push_back(by_step(w, true));
  for (const Way& w : ways) errors.series.push_back(by_step(w, false));
  errors.marks.push_back({.name = "always predicting the mean", .x = {1, double(p.free)}, .y = {100, 100}});
  errors.caption =
      "Solid: each step reads the previous forecast. Dashed: it reads the true value. The first step is the same for "
      "both. Bands: one standard deviation of the logarithm over seeds, from 3 of them.";
  errors.finding = verdict(ways, p);
  errors.id = "free-running";
  job.report.plots({errors});
  Plot shown{.title = "True inputs in training", .x_label = "update", .y_label = "probability"};
  Plot loss{.title = "Loss", .x_label = "update", .y_label = "variances", .log_y = true};
  for (const Way& w : ways) {
    Series s{.name = w.name};
    for (int k = 0; k <= 100; ++k) {
      s.x.push_back(k * p.steps / 100.0);
      s.y.push_back(truth(w.name, k * p.steps / 100, p.steps, p.half));
    }
    shown.series.push_back(s);
    std::vector<Curve> curves;
    for (const WayRun& r : w.runs) curves.push_back({r.update, r.loss});
    loss.series.push_back(line_of(w.name, curves, true));
  }
  shown.finding = ends_text(shown.series);
  loss.finding = ends_text(loss.series);
  for (const Way& w : ways) {
    std::vector<Curve> curves;
    for (const WayRun& r : w.runs) curves.push_back({r.update, r.loss});
    add_seeds(loss, w.name, curves, true);
  }
  shown.caption = "Probability that the next input is the true value and not the forecast of it.";
  loss.caption = "Training loss, thin lines single seeds; the task becomes harder with fewer true inputs.";
  job.report.plots({shown, loss});
  job.report.section("Results");
  show(job, settings, table_of(ways, p), verdict(ways, p));
  job.report.note(settings + ".");
}

void add_to_summary(Job& job, const std::vector<Way>& ways, const Practice& p, const std::string& data) {
  job.summary.set({"data"}, data);
  job.summary.set({"unit"}, "%");
  std::string csv = "way,seed,step,forced,free\n";
  for (const Way& w : ways) {
    const auto way = job.summary.under({"ways", w.name});
    way.set({"forced"}, forced_of(w, p.free).mean);
    way.set({"free"}, free_of(w, p.free).mean);
    for (const int step : marks_of(p))
      way.set({"free_at_step", std::to_string(step)},
              spread_of(each(w, [=](const WayRun& r) { return 100 * at(r.errors.free, step); })).mean);
    for (std::size_t k = 0; k < w.runs.size(); ++k) {
      const WayRun& r = w.runs[k];
      const std::string seed = std::to_string(job.seeds()[k]);
      const auto run = way.under({"runs", seed});
      run.set({"begun"}, r.begun);
      run.set({"done"}, r.done);
      run.set({"diverged"}, r.diverged);
      run.set({"forced"}, 100 * Errors::over(r.errors.forced, p.free));
      run.set({"free"}, 100 * Errors::over(r.errors.free, p.free));
      run.set({"forced_first"}, 100 * at(r.errors.forced, 1));
      run.set({"free_first"}, 100 * at(r.errors.free, 1));
      for (std::size_t t = 0; t < r.errors.free.size(); ++t)
        fmt::format_to(std::back_inserter(csv), "{},{},{},{},{}\n", w.name, seed, t + 1, csv_text(r.errors.forced[t]),
                       csv_text(r.errors.free[t]));
    }
  }
  job.write("errors.csv", csv);
}

}  // namespace ebb::app::forcing
