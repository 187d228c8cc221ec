#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/study.hpp>
#include <ebb/experiments/studies/tbptt/tbptt.hpp>
#include <iterator>

namespace ebb::app::tbptt {
namespace {

using namespace study;

double test_of(const WindowRun& r) { return r.test; }
double microseconds_of(const WindowRun& r) { return 1e6 * r.seconds; }
double kept_of(const WindowRun& r) { return r.kept_bytes; }
double megabytes_of(const WindowRun& r) { return 1e-6 * r.kept_bytes; }
double start_cosine(const WindowRun& r) { return r.at_start.cosine; }
double start_ratio(const WindowRun& r) { return r.at_start.ratio; }
double start_difference(const WindowRun& r) { return r.at_start.difference; }
double trained_cosine(const WindowRun& r) { return r.trained.cosine; }
double trained_ratio(const WindowRun& r) { return r.trained.ratio; }
double trained_difference(const WindowRun& r) { return r.trained.difference; }

Spread of(const Window& w, double (*what)(const WindowRun&)) { return spread_of(w.each(what)); }

Series against_window(const StreamResult& s, const std::string& name, double (*what)(const WindowRun&),
                      bool logarithmic) {
  std::vector<Curve> curves(s.windows[0].runs.size());
  for (const Window& w : s.windows)
    for (std::size_t k = 0; k < curves.size(); ++k) {
      const double y = what(w.runs[k]);
      if (!logarithmic || y > 0) {
        curves[k].x.push_back(w.steps);
        curves[k].y.push_back(y);
      }
    }
  return line_of(name, curves, logarithmic);
}

// A difference below rounding error is not bias and would only stretch the axis.
double start_drawn(const WindowRun& r) { return r.at_start.difference > 1e-9 ? r.at_start.difference : NAN; }
double trained_drawn(const WindowRun& r) { return r.trained.difference > 1e-9 ? r.trained.difference : NAN; }

Table table_of(const StreamResult& s) {
  Table t{
      .head = {"window", s.info.unit, "µs each", "kept", "start cos", "differs", "end cos", "differs"},
      .caption =
          "Quality: on the test split, mean and (from 3 seeds) standard deviation. Time per character, and memory "
          "of the tapes of one update, in training. Cosine and relative difference between the truncated and the full "
          "gradient, at the same weights."};
  const auto differs = [](const Spread& d) {
    return std::isfinite(d.mean) ? fmt::format("{:.2g}", d.mean) : std::string("–");
  };
  const auto number = [](const Spread& x) {
    return std::isfinite(x.mean) ? fmt::format("{:.1f}", x.mean) : std::string("–");
  };
  const auto cosine_text = [](const Spread& c) {
    return std::isfinite(c.mean) ? fmt::format("{:.4f}", c.mean) : std::string("–");
  };
  for (const Window& w : s.windows)
    t.rows.push_back({std::to_string(w.steps), text_of(of(w, test_of)), number(of(w, microseconds_of)),
                      bytes_text(of(w, kept_of).mean), cosine_text(of(w, start_cosine)),
                      differs(of(w, start_difference)), cosine_text(of(w, trained_cosine)),
                      differs(of(w, trained_difference))});
  return t;
}

std::string verdict(const StreamResult& s) {
  const Window &small = s.windows.front(), &large = s.windows.back();
  const double a = of(small, test_of).mean, b = of(large, test_of).mean;
  if (!std::isfinite(a) || !std::isfinite(b)) return "Not all windows were completed.";
  if (s.windows.size() == 1)
    return fmt::format(
        "The window of {} reaches {} {}. After training its gradient differs from the full one by "
        "{:.2g} of the norm.",
        count_text(small.steps, "step"), number_text(a), s.info.unit, of(small, trained_difference).mean);
  return fmt::format(
      "A window of {} reaches {} {}, one of {} {}, with {:.0f} times the time and {:.0f} times the memory. "
      "After training, the gradient through {} differs from the full one by {:.2g} of its norm, through {} by "
      "{:.2g}.",
      count_text(small.steps, "step"), number_text(a), s.info.unit, count_text(large.steps, "step"), number_text(b),
      of(large, microseconds_of).mean / of(small, microseconds_of).mean,
      of(large, kept_of).mean / of(small, kept_of).mean, count_text(small.steps, "step"),
      of(small, trained_difference).mean, large.steps, of(large, trained_difference).mean);
}

}  // namespace

void add_to_report(Job& job, const StreamResult& s) {
  const Reading& r = s.reading;
  const std::string settings =
      fmt::format("{}: {}, hidden {}, {}, an update every {}, {} of {}, {} at {:g}; {}", s.name, r.cell, r.hidden,
                  count_text(r.rows, "row"), count_text(r.every, "step"), count_text(r.updates, "update"),
                  count_text(double(r.every) * r.rows, "character"), r.optimizer, r.lr, s.data);
  job.report.section(s.name, verdict(s));
  show(job, settings, table_of(s), verdict(s));

  Plot bias{.title = "Gradient bias",
            .x_label = "window (steps)",
            .y_label = "|truncated − full| / |full|",
            .log_y = true,
            .log_x = true};
  bias.series = {against_window(s, "at the start", start_drawn, true),
                 against_window(s, "after training", trained_drawn, true)};
  const auto differs = [&](const Window& w) { return of(w, trained_difference).mean; };
  if (s.windows.size() > 1 && std::isfinite(differs(s.windows.front())))
    bias.finding =
        fmt::format("After training, the gradient through {} differs from the full one by {:.2g} of its norm.",
                    count_text(s.windows.front().steps, "step"), differs(s.windows.front()));
  bias.caption = fmt::format(
      "For the mean loss over {} steps, at the weights of the run with the largest window. A window of that length has "
      "no difference and is not drawn.",
      r.stretch);
  Plot quality{.title = "Quality", .x_label = "window (steps)", .y_label = s.info.unit, .log_x = true};
  quality.series = {against_window(s, "test", test_of, false)};
  if (s.name == "echo")
    quality.marks.push_back({.name = s.info.baseline_about,
                             .x = {double(s.windows.front().steps), double(s.windows.back().steps)},
                             .y = {s.info.baseline, s.info.baseline}});
  const auto test = [&](const Window& w) { return of(w, test_of).mean; };
  const auto best = std::min_element(s.windows.begin(), s.windows.end(),
                                     [&](const Window& a, const Window& b) { return test(a) < test(b); });
  if (std::isfinite(test(*best)))
    quality.finding = fmt::format("The window of {} has the smallest test loss: {} {}.",
                                  count_text(best->steps, "step"), number_text(test(*best)), s.info.unit);
  quality.caption = "Loss on the test split after the same number of characters and of updates.";
  job.report.plots({bias, quality});

  Plot time{.title = "Time", .x_label = "window (steps)", .y_label = "µs per character", .log_y = true, .log_x = true};
  time.series = {against_window(s, "training", microseconds_of, true)};
  time.caption = fmt::format("The window is recomputed every {}, so each step of the stream costs window / {} steps.",
                             count_text(r.every, "step"), r.every);
  Plot memory{.title = "Memory", .x_label = "window (steps)", .y_label = "MB kept", .log_y = true, .log_x = true};
  memory.series = {against_window(s, "one update", megabytes_of, true)};
  memory.caption = "Memory of the tapes of one update, until its gradient is computed.";
  for (Plot* plot : {&time, &memory}) plot->series[0].group = "test";
  const Window &small = s.windows.front(), &large = s.windows.back();
  const auto times = [&](double (*what)(const WindowRun&), const char* thing) {
    const double ratio = of(large, what).mean / of(small, what).mean;
    return s.windows.size() < 2 || !std::isfinite(ratio)
               ? std::string()
               : fmt::format("A window of {} takes {:.1f} times the {} of one of {}.", count_text(large.steps, "step"),
                             ratio, thing, small.steps);
  };
  time.finding = times(microseconds_of, "time");
  memory.finding = times(kept_of, "memory");
  job.report.plots({time, memory});

  Plot curve{.title = "Learning", .x_label = "thousand characters read", .y_label = s.info.unit};
  std::vector<std::vector<Curve>> of_windows;
  for (const Window& w : s.windows) {
    std::vector<Curve> curves;
    for (const WindowRun& run : w.runs) {
      curves.push_back({{}, run.loss});
      for (const double x : run.read) curves.back().x.push_back(x / 1000);
    }
    curve.series.push_back(line_of(count_text(w.steps, "step"), curves));
    of_windows.push_back(std::move(curves));
  }
  curve.finding = ends_text(curve.series, s.info.unit);
  for (std::size_t k = 0; k < s.windows.size(); ++k)
    add_seeds(curve, count_text(s.windows[k].steps, "step"), of_windows[k]);
  curve.caption = "Training loss, mean and (from 3 seeds) one standard deviation; thin: single seeds.";
  job.report.plots({curve});
  add_cell_biases(job, s);
  job.report.note(settings + ".");
}

void add_to_summary(Job& job, const StreamResult& s) {
  const auto stream = job.summary.under({"tasks", s.name});
  stream.set({"unit"}, s.info.unit);
  stream.set({"baseline_loss"}, s.info.baseline);
  stream.set({"data"}, s.data);
  stream.set({"updates"}, s.reading.updates);
  for (const Window& w : s.windows) {
    const auto window = stream.under({"windows", std::to_string(w.steps)});
    window.set({"loss"}, of(w, test_of).mean);
    window.set({"seconds_a_character"}, 1e-6 * of(w, microseconds_of).mean);
    window.set({"kept_bytes"}, of(w, kept_of).mean);
    window.set({"start", "cosine"}, of(w, start_cosine).mean);
    window.set({"start", "norm_ratio"}, of(w, start_ratio).mean);
    window.set({"start", "difference"}, of(w, start_difference).mean);
    window.set({"trained", "cosine"}, of(w, trained_cosine).mean);
    window.set({"trained", "norm_ratio"}, of(w, trained_ratio).mean);
    window.set({"trained", "difference"}, of(w, trained_difference).mean);
    for (std::size_t k = 0; k < w.runs.size(); ++k) {
      const WindowRun& r = w.runs[k];
      const auto run = window.under({"runs", std::to_string(job.seeds()[k])});
      run.set({"begun"}, r.begun);
      run.set({"done"}, r.done);
      run.set({"diverged"}, r.diverged);
      run.set({"loss"}, r.test);
      run.set({"start_difference"}, r.at_start.difference);
      run.set({"trained_difference"}, r.trained.difference);
    }
  }
}

void write_series(Job& job, const std::vector<StreamResult>& results) {
  std::string csv = "task,window,seed,characters,loss\n";
  for (const StreamResult& s : results)
    for (const Window& w : s.windows)
      for (std::size_t k = 0; k < w.runs.size(); ++k)
        for (std::size_t i = 0; i < w.runs[k].read.size(); ++i)
          fmt::format_to(std::back_inserter(csv), "{},{},{},{:.0f},{}\n", s.name, w.steps, job.seeds()[k],
                         w.runs[k].read[i], csv_text(w.runs[k].loss[i]));
  job.write("learning.csv", csv);
}

}  // namespace ebb::app::tbptt
