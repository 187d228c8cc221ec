#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/dropout/dropout.hpp>
#include <ebb/experiments/studies/study.hpp>
#include <iterator>

namespace ebb::app::dropout_study {
namespace {

using namespace study;

class PartOfText final : public SimpleTask {
 public:
  PartOfText(std::unique_ptr<Task> whole, double part)
      : whole_(std::move(whole)), simple_(dynamic_cast<const SimpleTask&>(*whole_)), part_(part) {}
  TaskInfo info() const override { return whole_->info(); }
  SimpleSizes sizes() const override { return simple_.sizes(); }
  TaskSettings settings(Size s) const override { return whole_->settings(s); }
  TaskSettings comparison_settings(Size s) const override { return whole_->comparison_settings(s); }
  const std::string& name() const override { return whole_->name(); }
  void check_sizes(const TaskSettings& s) const override { whole_->check_sizes(s); }
  Batch batch(const BatchRequest& r) const override {
    if (r.split != Split::train) return whole_->batch(r);
    BatchRequest inner = r;
    const auto windows = static_cast<std::uint64_t>(whole_->batches(Split::train, r.length, r.rows)),
               some = static_cast<std::uint64_t>(batches(Split::train, r.length, r.rows));
    inner.number = r.number / some * windows + r.number % some;
    return whole_->batch(inner);
  }
  int batches(Split split, int length, int rows) const override {
    const int all = whole_->batches(split, length, rows);
    return split == Split::train ? std::max(1, static_cast<int>(std::lround(part_ * all))) : all;
  }
  std::string data() const override {
    return fmt::format("{:g} % of the training text of {}", 100 * part_, whole_->data());
  }

 private:
  std::unique_ptr<Task> whole_;
  const SimpleTask& simple_;  // the same task
  double part_;
};

bool measured(const WayRun& r) { return !r.valid.empty(); }
double best_valid(const WayRun& r) { return measured(r) ? r.valid[r.best] : NAN; }
double best_update(const WayRun& r) { return measured(r) ? r.update[r.best] : NAN; }
double best_gap(const WayRun& r) { return measured(r) ? r.valid[r.best] - r.train[r.best] : NAN; }
double end_valid(const WayRun& r) { return r.done && measured(r) ? r.valid.back() : NAN; }
double end_train(const WayRun& r) { return r.done && measured(r) ? r.train.back() : NAN; }
double end_gap(const WayRun& r) { return end_valid(r) - end_train(r); }
double test_of(const WayRun& r) { return r.test; }
double test_at_end_of(const WayRun& r) { return r.test_at_end; }

End end_of(const WayRun& r) { return !measured(r) ? End::none : r.done ? End::reached : End::interrupted; }

Spread of(const Way& w, double (*what)(const WayRun&)) {
  std::vector<double> all;
  for (const WayRun* r : comparable(w.runs, end_of)) all.push_back(what(*r));
  return spread_of(all);
}

Table table_of(const std::vector<Way>& ways, const TaskInfo& info) {
  Table t{
      .head = {"dropout", "best valid", "at update", "test", "gap", "end test", "end gap"},
      .caption = fmt::format("{}, mean and (from 3 seeds) standard deviation. Test and gap (validation minus training "
                             "loss, both without masks) with the weights of the best validation, and with the last.",
                             info.unit)};
  const auto number = [](const Spread& s) { return number_text(s.mean); };
  for (const Way& w : ways)
    t.rows.push_back({w.name, text_of(of(w, best_valid)), count_text(of(w, best_update).mean), number(of(w, test_of)),
                      number(of(w, best_gap)), number(of(w, test_at_end_of)), number(of(w, end_gap))});
  return t;
}

long runs_that(const Way& w, bool WayRun::* what) {
  return std::count_if(w.runs.begin(), w.runs.end(), [=](const WayRun& r) { return r.*what; });
}
// A variant with a missing or interrupted run cannot be compared with the others.
bool whole(const Way& w) {
  return runs_that(w, &WayRun::done) == std::ssize(w.runs) && std::isfinite(of(w, test_of).mean);
}

// "naive was not started, 1 of 2 runs of input were completed"; empty if nothing is missing.
std::string missing(const std::vector<Way>& ways) {
  std::string text;
  for (const Way& w : ways) {
    if (whole(w)) continue;
    text += text.empty() ? "" : ", ";
    if (runs_that(w, &WayRun::begun) == 0) text += w.name + " was not started";
    else
      text += fmt::format("{} of {} of {} were completed", runs_that(w, &WayRun::done),
                          count_text(static_cast<double>(w.runs.size()), "run"), w.name);
  }
  return text;
}

std::string verdict(const std::vector<Way>& ways, const TaskInfo& info) {
  std::vector<const Way*> judged;
  for (const Way& w : ways)
    if (whole(w)) judged.push_back(&w);
  const std::string gap = missing(ways), rest = gap.empty() ? "" : fmt::format(" Not compared: {}.", gap);
  if (judged.empty()) return fmt::format("No variant was completed: {}.", gap);
  const auto text_of_test = [](const Way& w) { return number_text(of(w, test_of).mean); };
  if (judged.size() == 1)
    return fmt::format("On the test split, {} has a loss of {} {}, with early stopping.{}", judged[0]->name,
                       text_of_test(*judged[0]), info.unit, rest);
  const Way& best = **std::min_element(judged.begin(), judged.end(), [](const Way* a, const Way* b) {
    return of(*a, test_of).mean < of(*b, test_of).mean;
  });
  std::string text = fmt::format("The best on the test split is {}: {} {}", best.name, text_of_test(best), info.unit);
  for (const Way* w : judged)
    if (w != &best) text += fmt::format(", {} {}", w->name, text_of_test(*w));
  return text + ", each with early stopping." + rest;
}

Series line(const Way& w, bool valid) {
  std::vector<Curve> curves;
  for (const WayRun* run : comparable(w.runs, end_of)) {
    const WayRun& r = *run;
    curves.push_back({r.update, valid ? r.valid : r.train});
  }
  Series s = line_of(w.name, curves);
  if (!valid) {
    s.name += ", training";
    s.dashed = true;
    s.low.clear();
    s.high.clear();
  }
  return s;
}

// The validation from which each seed's early stopping takes its weights.
Series dots(const Way& w) {
  Series s{.name = w.name + ", best", .group = w.name, .dots = true};
  for (const WayRun& r : w.runs)
    if (measured(r)) {
      // A little apart, so that none hides another.
      s.x.push_back(r.update[r.best] + .01 * static_cast<double>(s.x.size()));
      s.y.push_back(r.valid[r.best]);
    }
  return s;
}

}  // namespace

std::unique_ptr<Task> part_of(std::unique_ptr<Task> whole, double part) {
  return std::make_unique<PartOfText>(std::move(whole), part);
}

TaskSettings with(TaskSettings s, const std::string& way, double p) {
  s.dropout = way == "none" ? 0 : p;
  s.dropout_kind = way == "naive"       ? DropoutKind::naive
                   : way == "input"     ? DropoutKind::input
                   : way == "candidate" ? DropoutKind::candidate
                                        : DropoutKind::variational;
  return s;
}

void add_to_report(Job& job, const std::vector<Way>& ways, const TaskInfo& info, const std::string& settings) {
  Plot loss{.title = "Training and validation loss", .x_label = "update", .y_label = info.unit};
  for (const Way& w : ways) loss.series.push_back(line(w, true));
  for (const Way& w : ways) loss.series.push_back(dots(w));
  for (const Way& w : ways) loss.series.push_back(line(w, false));
  for (const Way& w : ways) {
    std::vector<Curve> curves;
    for (const WayRun* r : comparable(w.runs, end_of)) curves.push_back({r->update, r->valid});
    add_seeds(loss, w.name, curves);
  }
  loss.finding = verdict(ways, info);
  loss.caption =
      "Solid: validation, mean and (from 3 seeds) one standard deviation, thin lines single seeds; dashed: training, "
      "measured without masks. Dots: "
      "the best validation of each seed, whose weights early stopping keeps.";
  job.report.plots({loss});
  Plot seen{.title = "Training loss with its masks", .x_label = "update", .y_label = info.unit};
  for (const Way& w : ways) {
    std::vector<Curve> curves;
    for (const WayRun& r : w.runs) {
      Curve c{{}, r.seen};
      for (std::size_t k = 0; k < r.seen.size(); ++k) c.x.push_back(static_cast<double>(k + 1));
      curves.push_back(c);
    }
    seen.series.push_back(line_of(w.name, curves));
  }
  seen.finding = ends_text(seen.series, info.unit);
  seen.caption = "As seen by the updates. Noise on the state makes the task harder.";
  Plot gap{.title = "Gap", .x_label = "update", .y_label = "validation − training"};
  for (const Way& w : ways) {
    std::vector<Curve> curves;
    for (const WayRun& r : w.runs) {
      Curve c{r.update, {}};
      for (std::size_t k = 0; k < r.update.size(); ++k) c.y.push_back(r.valid[k] - r.train[k]);
      curves.push_back(c);
    }
    gap.series.push_back(line_of(w.name, curves));
  }
  gap.finding = ends_text(gap.series, info.unit);
  gap.caption = "How much lower the loss is on the training text.";
  job.report.plots({seen, gap});
  job.report.section("Results");
  show(job, settings, table_of(ways, info), verdict(ways, info));
  job.report.note(settings + ".");
}

void add_to_summary(Job& job, const std::vector<Way>& ways, const TaskInfo& info, const std::string& data) {
  job.summary.set({"unit"}, info.unit);
  job.summary.set({"data"}, data);
  std::string csv = "way,seed,update,train,valid\n";
  for (const Way& w : ways) {
    const auto way = job.summary.under({"ways", w.name});
    way.set({"best_valid"}, of(w, best_valid).mean);
    way.set({"best_update"}, of(w, best_update).mean);
    way.set({"best_gap"}, of(w, best_gap).mean);
    way.set({"test"}, of(w, test_of).mean);
    way.set({"test_at_end"}, of(w, test_at_end_of).mean);
    way.set({"end_valid"}, of(w, end_valid).mean);
    way.set({"end_train"}, of(w, end_train).mean);
    way.set({"end_gap"}, of(w, end_gap).mean);
    for (std::size_t k = 0; k < w.runs.size(); ++k) {
      const WayRun& r = w.runs[k];
      const std::string seed = std::to_string(job.seeds()[k]);
      const auto run = way.under({"runs", seed});
      run.set({"begun"}, r.begun);
      run.set({"done"}, r.done);
      run.set({"diverged"}, r.diverged);
      run.set({"best_valid"}, best_valid(r));
      run.set({"best_update"}, best_update(r));
      run.set({"stopped"}, r.stopped);
      run.set({"test"}, r.test);
      run.set({"best_gap"}, best_gap(r));
      run.set({"end_gap"}, end_gap(r));
      for (std::size_t i = 0; i < r.update.size(); ++i)
        fmt::format_to(std::back_inserter(csv), "{},{},{},{},{}\n", w.name, seed, r.update[i], csv_text(r.train[i]),
                       csv_text(r.valid[i]));
    }
  }
  job.write("curves.csv", csv);
}

}  // namespace ebb::app::dropout_study
