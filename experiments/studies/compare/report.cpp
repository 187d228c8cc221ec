#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/compare/compare.hpp>
#include <ebb/experiments/studies/study.hpp>

namespace ebb::app::compare {
namespace {

// "76.2 (75.9 to 76.4)", or the value alone if there is only one.
std::string mean_text(const Mean& m) {
  if (m.count == 0) return "–";
  if (m.count == 1) return number_text(m.mean);
  return fmt::format("{} ({} to {})", number_text(m.mean), number_text(m.low), number_text(m.high));
}

std::string time_text(const Goal& goal, const Variant& v) {
  const Mean m = seconds_to(goal, v);
  const auto begun = std::ssize(comparable(v));
  if (m.count == 0) return "not reached";
  return number_text(m.mean) + (m.count < begun ? fmt::format(" ({} of {})", m.count, begun) : "");
}

std::string remarks(const Results& r, const Variant& v) {
  std::string text = off_text(r, v);
  if (const double took = seconds_of_training(v).mean; r.equal == Equal::seconds && std::abs(took / r.seconds - 1) > .1)
    text += fmt::format("the updates took {} s instead of {}. ", number_text(took), number_text(r.seconds));
  for (const Trial& t : v.trials) {
    if (!t.begun) text += fmt::format("seed {} was not started. ", t.seed);
    if (t.training.interrupted) text += fmt::format("seed {} was interrupted. ", t.seed);
    if (!t.training.diverged.empty()) text += fmt::format("seed {} diverged at {}. ", t.seed, t.training.diverged);
    if (!t.failed.empty()) text += fmt::format("seed {} failed: {}. ", t.seed, t.failed);
  }
  return text;
}

std::string level_text(const Results& r) {
  const Measure& m = r.goal.measure;
  if (!std::isfinite(r.goal.level)) return "none, because nothing beat the baseline";
  return fmt::format("{} {} in validation", number_text(r.goal.level), m.unit);
}

double ms(double seconds) { return 1e3 * seconds; }

// Removes a column.
void drop(Table& t, const std::string& name) {
  const auto column = std::find(t.head.begin(), t.head.end(), name) - t.head.begin();
  t.head.erase(t.head.begin() + column);
  for (auto& row : t.rows) row.erase(row.begin() + column);
}

// Removes it if all entries are `nothing`.
void drop_empty(Table& t, const std::string& name, const std::string& nothing) {
  const auto column = static_cast<std::size_t>(std::find(t.head.begin(), t.head.end(), name) - t.head.begin());
  for (const auto& row : t.rows)
    if (row[column].text != nothing) return;
  drop(t, name);
}

// The baseline, in the column of the quality.
std::vector<Entry> baseline_row(const Table& t, const std::string& column, const Measure& m) {
  std::vector<Entry> row{m.baseline_about.empty() ? "baseline" : "baseline: " + m.baseline_about};
  for (std::size_t k = 1; k < t.head.size(); ++k) row.emplace_back(t.head[k] == column ? number_text(m.baseline) : "");
  return row;
}

Table quality_table(const Results& r) {
  const Measure& m = r.goal.measure;
  const std::string quality = fmt::format("{}, {}", m.name, m.unit);
  Table t{.head = {"cell", "hidden", "weights", "in tables", "flops per update", "updates", quality, "seconds to level",
                   "ms per update", "training s", "kept", "remarks"},
          .caption = fmt::format(
              "Quality on the test split, mean and range over seeds, with the weights of the best validation. Level: "
              "{}; CPU seconds on a run's own thread since training began, including validation. Weights: trained "
              "ones, except embedding tables. Kept: memory of the tape for one update. {}",
              level_text(r), measured_text(r))};
  for (const Variant& v : r.variants)
    t.rows.push_back({v.name, count_text(v.settings.hidden), count_text(double(v.weights.counted)),
                      count_text(double(v.weights.tables)), flops_text(v.update.flops), count_text(v.settings.steps),
                      mean_text(quality_of(v)), time_text(r.goal, v), number_text(ms(seconds_an_update(v).mean)),
                      number_text(seconds_of_training(v).mean), bytes_text(kept_bytes(v)), remarks(r, v)});
  drop_empty(t, "remarks", "");
  drop_empty(t, "in tables", "0");
  if (r.equal != Equal::seconds) {
    drop(t, "updates");
    drop(t, "training s");
  }
  if (std::isfinite(m.baseline)) t.foot.push_back(baseline_row(t, quality, m));
  return t;
}

// Mean over seeds of each validation, with the range; x is the mean of the seconds, or the update.
Series validation(const Variant& v, bool by_seconds) {
  Series s{.name = v.name, .group = v.name};
  std::size_t longest = 0;
  const std::vector<const Trial*> trials = comparable(v);
  for (const Trial* t : trials) longest = std::max(longest, t->training.curve.size());
  for (std::size_t k = 0; k < longest; ++k) {
    std::vector<double> valid, seconds;
    for (const Trial* t : trials)
      if (k < t->training.curve.size() && t->training.curve[k].validated()) {
        valid.push_back(t->training.curve[k].valid);
        seconds.push_back(t->seconds[k]);
      }
    const Mean m = mean_of(valid);
    if (m.count == 0) continue;
    s.x.push_back(by_seconds ? mean_of(seconds).mean : static_cast<double>(k + 1));
    s.y.push_back(m.mean);
    s.low.push_back(m.low);
    s.high.push_back(m.high);
  }
  return s;
}

// The mean time of each update of a variant, to which the times of its seeds are close.
std::vector<double> mean_times(const Variant& v) {
  std::vector<double> times;
  for (std::size_t k = 0;; ++k) {
    std::vector<double> seconds;
    for (const Trial* t : comparable(v))
      if (k < t->seconds.size()) seconds.push_back(t->seconds[k]);
    if (seconds.empty()) return times;
    times.push_back(mean_of(seconds).mean);
  }
}

// A run that diverged is drawn as far as it came. Against time, at the mean times of its variant: times of its own
// would give the figure a row for each point.
Series one_trial(const Variant& v, const Trial& t, const std::vector<double>& times) {
  Series s{.name = fmt::format("{}, seed {}", v.name, t.seed), .group = v.name, .thin = true};
  s.outside = !t.training.diverged.empty();
  for (std::size_t k = 0; k < t.training.curve.size() && (times.empty() || k < times.size()); ++k)
    if (t.training.curve[k].validated()) {
      s.x.push_back(times.empty() ? static_cast<double>(k + 1) : times[k]);
      s.y.push_back(t.training.curve[k].valid);
    }
  return s;
}

Plot validation_plot(const Results& r, bool by_seconds) {
  const Measure& m = r.goal.measure;
  Plot p{.title = by_seconds ? "Validation against time" : "Validation against updates",
         .x_label = by_seconds ? "seconds" : "update",
         .y_label = fmt::format("{}, {}", m.name, m.unit),
         .caption = by_seconds ? "Means over seeds, bands from the smallest to the largest, thin lines single seeds; "
                                 "CPU seconds, means over seeds."
                               : "The same against updates: what each learns from the same data.",
         .log_y = !m.rises};
  double last = 0;
  for (const Variant& v : r.variants) {
    p.series.push_back(validation(v, by_seconds));
    if (!p.series.back().x.empty()) last = std::max(last, p.series.back().x.back());
  }
  for (const Variant& v : r.variants) {
    const std::vector<double> times = by_seconds ? mean_times(v) : std::vector<double>{};
    for (const Trial& t : v.trials)
      if (v.trials.size() > 1 && t.begun && !(by_seconds && times.empty())) p.series.push_back(one_trial(v, t, times));
  }
  p.finding = study::ends_text(p.series, m.unit);
  if (std::isfinite(r.goal.level) && last > 0) {
    p.marks.push_back({.name = "level", .x = {0, last}, .y = {r.goal.level, r.goal.level}});
    p.caption += " Grey: the level used for timing.";
  }
  return p;
}

// A cell's costs have the colour of its first variant, at whose width they were measured.
std::string group_of(const Results& r, const CellCost& c) {
  return std::find_if(r.variants.begin(), r.variants.end(), [&](const Variant& v) { return v.cell == c.cell; })->name;
}

// "From 64 to 4,096 steps, time grows by a factor of 84.4 for rnn, 93.3 for lstm."
std::string growth_text(const std::vector<Series>& costs, bool memory) {
  std::string text;
  for (const Series& s : costs) {
    if (s.x.size() < 2) continue;
    const std::string range = fmt::format("from {} to {}", count_text(s.x.front()), count_text(s.x.back(), "step"));
    const std::string factor = number_text(s.y.back() / s.y.front());
    if (text.empty()) text = fmt::format("{} grows {} by a factor of ", memory ? "Memory" : "Time", range);
    else text += ", ";
    text += fmt::format("{} for {}", factor, s.name);
    if (s.x.back() != costs.front().x.back()) text += " (" + range + ")";
  }
  return text.empty() ? text : text + ".";
}

Plot cost_plot(const Results& r, bool memory) {
  Plot p{.title = memory ? "Memory against length" : "Time against length",
         .x_label = "steps",
         .y_label = memory ? "MB kept by the tape" : "seconds",
         .caption = {},
         .log_y = true,
         .log_x = true};
  p.caption = fmt::format(
      "One forward and backward pass over {} generated sequences with 32 values per step, with the trained network, on "
      "one thread. A slope of one means linear growth with the length, a slope of two quadratic growth.",
      r.rows);
  for (const CellCost& c : r.costs) {
    Series s{.name = c.cell, .group = group_of(r, c)};
    for (const Cost& cost : c.costs)
      if (cost.skipped.empty()) {
        s.x.push_back(cost.length);
        s.y.push_back(memory ? cost.kept / 1e6 : cost.seconds);
      }
    p.series.push_back(std::move(s));
  }
  p.finding = growth_text(p.series, memory);
  return p;
}

// For a length that was skipped, the reason is given in the table of times only.
Table cost_table(const Results& r, bool memory) {
  Table t{.head = {"cell", "hidden"},
          .caption = memory ? "Memory of the tape for that pass." : "CPU time of one forward and backward pass."};
  bool estimated = false;
  for (const Cost& c : r.costs.front().costs) t.head.push_back(fmt::format("T = {}", c.length));
  for (const CellCost& cell : r.costs) {
    std::vector<Entry> row{Entry(cell.cell, group_of(r, cell)), count_text(cell.hidden)};
    for (const Cost& c : cell.costs) {
      if (!c.skipped.empty()) row.emplace_back(memory ? "–" : c.skipped);
      else row.emplace_back(memory ? bytes_text(c.kept) : number_text(ms(c.seconds)) + " ms");
      estimated = estimated || c.skipped.rfind("peak", 0) == 0;
    }
    t.rows.push_back(std::move(row));
  }
  if (estimated && !memory)
    t.caption += " Peak: the estimated memory of a pass that was skipped because it exceeds the limit.";
  return t;
}

constexpr int name_width = 19, time_width = 17;

}  // namespace

std::string table_text(const Results& r) {
  const Measure& m = r.goal.measure;
  std::string text;
  for (const std::string& line : wrapped(fmt::format("{}: {} on the test split, {}; baseline: {}; level: {}", r.task,
                                                     m.name, m.unit, number_text(m.baseline), level_text(r)),
                                         78))
    text += line + "\n";
  text += fmt::format("  {} {} {} {} {} {}\n", fit("cell", name_width), fit("hidden", 6, true),
                      fit(held_name(r), 9, true), fit(m.name.size() <= 10 ? m.name : "reached", 10, true),
                      fit("s to level", time_width, true), fit("ms/update", 9, true));
  for (const Variant& v : r.variants) {
    const Mean q = quality_of(v);
    const bool long_name = v.name.size() > name_width;
    if (long_name) text += "  " + v.name + "\n";
    text += fmt::format("  {} {} {} {} {} {}\n", fit(long_name ? "" : v.name, name_width),
                        fit(count_text(v.settings.hidden), 6, true), fit(held_entry(r, v), 9, true),
                        fit(q.count ? number_text(q.mean) : "-", 10, true), fit(time_text(r.goal, v), time_width, true),
                        fit(number_text(ms(seconds_an_update(v).mean)), 9, true));
    if (q.count > 1)
      text += fmt::format("  {} from {} to {}\n", fit("", name_width), number_text(q.low), number_text(q.high));
    for (const std::string& line : wrapped(remarks(r, v), 72))
      if (!line.empty()) text += "    " + line + "\n";
  }
  if (std::isfinite(m.baseline))
    text += fmt::format("  {} {} {} {}\n", fit("baseline", name_width), fit("", 6), fit("", 9),
                        fit(number_text(m.baseline), 10, true));
  for (const std::string& sentence : r.quality.findings.sentences)
    for (const std::string& line : wrapped(sentence, 76)) text += "  " + line + "\n";
  return text;
}

std::string cost_text(const Results& r) {
  std::string text = fmt::format("forward and backward over {} sequences, by number of steps\n", r.rows);
  for (const CellCost& cell : r.costs) {
    text += fmt::format("  {}, hidden {}\n", cell.cell, cell.hidden);
    for (const Cost& c : cell.costs)
      text += c.skipped.empty()
                  ? fmt::format("  {} {} ms {}\n", fit(count_text(c.length), 10, true),
                                fit(number_text(ms(c.seconds)), 9, true), fit(bytes_text(c.kept), 10, true))
                  : fmt::format("  {} {}\n", fit(count_text(c.length), 10, true), c.skipped);
  }
  return text;
}

void add_to_report(Job& job, const Results& r) {
  const TaskSettings& s = r.variants.front().settings;
  job.report.title("Comparison on " + r.task);
  job.report.lead(
      fmt::format("{}{}, {}: quality{}.", held_text(r),
                  r.equal == Equal::seconds ? "" : "; " + count_text(s.steps, "update") + " each",
                  count_text(static_cast<double>(job.seeds().size()), "seed"),
                  r.costs.empty() ? " and time to reach it" : ", time to reach it, and the cost of longer sequences"));
  job.report.section(section_title(r));
  for (const std::string& sentence : r.quality.findings.sentences) job.report.text(sentence);
  job.report.table(quality_table(r));
  if (r.variants.size() > 1) {
    job.report.table(difference_table(r.quality));
    if (!r.quality.findings.note.empty()) job.report.note(r.quality.findings.note);
  }
  if (s.steps > 0) job.report.plots({validation_plot(r, true), validation_plot(r, false)});
  job.report.note(fmt::format("T = {} in training, batch {}, {} {}, clip {}; data: {}.", s.length, s.batch, s.optimizer,
                              s.lr, s.clip, r.data.empty() ? "generated" : r.data));
  if (r.costs.empty()) return;
  job.report.section("Cost of longer sequences");
  job.report.plots({cost_plot(r, false), cost_plot(r, true)});
  job.report.table(cost_table(r, false));
  job.report.table(cost_table(r, true));
}

}  // namespace ebb::app::compare
