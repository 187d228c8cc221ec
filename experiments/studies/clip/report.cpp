#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/clip/clip.hpp>
#include <iterator>

namespace ebb::app::clip_study {
namespace {

using namespace study;

double median(std::vector<double> x) {
  x.erase(std::remove_if(x.begin(), x.end(), [](double y) { return !std::isfinite(y); }), x.end());
  if (x.empty()) return NAN;
  std::nth_element(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(x.size() / 2), x.end());
  return x[x.size() / 2];
}

// A run that diverged counts as completed, because divergence is a result here.
End end_of(const Clipping& r) {
  return !r.begun ? End::none : r.training.interrupted ? End::interrupted : End::reached;
}

std::string ended(const Outcome& o, double baseline) {
  std::string at;
  for (const Clipping& r : o.runs)
    if (!r.training.diverged.empty()) at += fmt::format("{}{}", at.empty() ? "" : ", ", r.training.curve.back().step);
  const int n = o.begun();
  if (o.diverged() == n && n > 0) return "diverged at " + at;
  const std::string learned = fmt::format("{} of {} learned", o.learned(baseline), n);
  return at.empty() ? learned : learned + ", diverged at " + at;
}

std::string verdict(const std::vector<Outcome>& all, const TaskInfo& info) {
  std::string text;
  for (const Outcome& o : all) {
    const int n = o.begun();
    const std::string who = o.rule.bound > 0 ? fmt::format("Clipped by {}", o.rule.name) : "Without clipping";
    if (n == 0) text += fmt::format("{}: not started. ", who);
    else if (o.diverged() > 0) text += fmt::format("{}, {} of {} diverged. ", who, o.diverged(), count_text(n, "run"));
    else
      text += fmt::format("{}, {} of {} learned ({} {}). ", who, o.learned(info.baseline), n,
                          number_text(o.loss().mean), info.unit);
  }
  return text + fmt::format("A run has learned if its test loss is a tenth below the baseline: {} ({} {}).",
                            info.baseline_about, number_text(info.baseline), info.unit);
}

Curve curve_of(const Clipping& c, const std::function<double(std::size_t)>& y) {
  Curve curve;
  for (std::size_t k = 0; k < c.training.curve.size(); ++k) {
    curve.x.push_back(c.training.curve[k].step);
    curve.y.push_back(y(k));
  }
  return curve;
}

// "The largest norm: 2.6e+07 without clipping, 471.0 with norm 0.1."
std::string largest_text(const std::vector<Series>& norms, const std::vector<Outcome>& all) {
  std::string text;
  for (std::size_t k = 0; k < norms.size(); ++k) {
    double most = NAN;
    for (const double y : norms[k].y) most = std::fmax(most, y);
    if (!std::isfinite(most)) continue;
    const Rule& rule = all[k].rule;
    text += fmt::format("{}{} {}", text.empty() ? "The largest norm: " : ", ", number_text(most),
                        rule.bound > 0 ? "with " + rule.name : "without clipping");
  }
  return text.empty() ? text : text + ".";
}

void plots(Job& job, const std::vector<Outcome>& all, const TaskInfo& info) {
  Plot before{
      .title = "Before clipping", .x_label = "update", .y_label = "norm of the gradient", .log_y = true, .log_x = true};
  Plot after{
      .title = "After clipping", .x_label = "update", .y_label = "norm of the gradient", .log_y = true, .log_x = true};
  Plot loss{.title = "Loss", .x_label = "update", .y_label = info.unit};
  double last = 0;
  std::vector<std::vector<Curve>> of_seeds;
  for (const Outcome& o : all) {
    std::vector<Curve> losses;
    for (const Clipping* run : comparable(o.runs, end_of)) {
      const Clipping& c = *run;
      last = std::max(last, static_cast<double>(c.training.curve.size()));
      losses.push_back(curve_of(c, [&](std::size_t k) {  // losses far above the baseline would hide the others
        return std::fmin(c.training.curve[k].loss, 2 * info.baseline);
      }));
    }
    // Every update of one seed: a mean would hide single exploding ones.
    const Clipping& first = o.runs.front();
    const Curve norms = curve_of(first, [&](std::size_t k) { return first.training.curve[k].gradient_norm; });
    const Curve applied = curve_of(first, [&](std::size_t k) { return first.after[k]; });
    const bool outside = !first.training.diverged.empty();
    before.series.push_back({.name = o.rule.name, .x = norms.x, .y = norms.y, .outside = outside});
    after.series.push_back({.name = o.rule.name, .x = applied.x, .y = applied.y, .outside = outside});
    loss.series.push_back(line_of(o.rule.name, losses));
    of_seeds.push_back(std::move(losses));
  }
  for (std::size_t k = 0; k < all.size(); ++k) add_seeds(loss, all[k].rule.name, of_seeds[k]);
  loss.finding = verdict(all, info);
  before.finding = largest_text(before.series, all);
  after.finding = largest_text(after.series, all);
  loss.marks.push_back(level(info.baseline_about, info.baseline, last));
  before.caption =
      fmt::format("Every update of seed {}. A line that ends is a run that diverged, which does not set the scale.",
                  job.seeds().front());
  after.caption =
      "The same updates as applied. Clipping by norm limits the norm to the threshold; clipping by value has no fixed "
      "limit.";
  loss.caption =
      fmt::format("Training loss, thin lines single seeds, up to twice the baseline: {}.", info.baseline_about);
  job.report.plots({loss});
  job.report.plots({before, after});
}

}  // namespace

std::vector<double> Outcome::each(const std::function<double(const Clipping&)>& of) const {
  std::vector<double> all;
  for (const Clipping* r : comparable(runs, end_of)) all.push_back(of(*r));
  return all;
}

int Outcome::begun() const {
  return static_cast<int>(std::count_if(runs.begin(), runs.end(), [](const Clipping& r) { return r.begun; }));
}

int Outcome::diverged() const {
  return static_cast<int>(
      std::count_if(runs.begin(), runs.end(), [](const Clipping& r) { return !r.training.diverged.empty(); }));
}

int Outcome::learned(double baseline) const {
  return static_cast<int>(
      std::count_if(runs.begin(), runs.end(), [=](const Clipping& r) { return r.loss < .9 * baseline; }));
}

Spread Outcome::loss() const {
  return spread_of(each([](const Clipping& r) { return r.loss; }));
}

double Outcome::share() const {
  double clipped = 0, all = 0;
  for (const Clipping& r : runs) {
    clipped += r.training.clip_events;
    all += static_cast<double>(r.training.curve.size());
  }
  return all > 0 ? clipped / all : NAN;
}

double Outcome::clipped() const {
  return spread_of(each([](const Clipping& r) { return double(r.training.clip_events); })).mean;
}

double Outcome::largest() const {
  double most = NAN;
  for (const Clipping& r : runs)
    for (const CurvePoint& p : r.training.curve) most = std::fmax(most, p.gradient_norm);
  return most;
}

double Outcome::middle() const {
  std::vector<double> all;
  for (const Clipping& r : runs)
    for (const CurvePoint& p : r.training.curve) all.push_back(p.gradient_norm);
  return median(all);
}

double Outcome::least_cosine() const {
  double least = NAN;
  for (const Clipping& r : runs)
    for (const double c : r.cosines) least = std::fmin(least, c);
  return least;
}

void add_to_report(Job& job, const std::vector<Outcome>& all, const TaskInfo& info, const std::string& settings) {
  Table table{
      .head = {"clipping", "outcome", info.unit, "clipped", "norm", "largest", "cosine"},
      .caption =
          "Clipped: fraction of updates. Norm: median before clipping, over updates and seeds. Cosine: smallest "
          "one between the gradient before and after clipping, over clipped updates."};
  for (const Outcome& o : all)
    table.rows.push_back({o.rule.name, ended(o, info.baseline), text_of(o.loss()),
                          o.rule.bound > 0 ? fmt::format("{:.1f} %", 100 * o.share()) : "–", number_text(o.middle()),
                          number_text(o.largest()),
                          std::isnan(o.least_cosine()) ? "–" : fmt::format("{:.4f}", o.least_cosine())});
  plots(job, all, info);
  job.report.section("Results");
  show(job, settings, table, verdict(all, info));
  job.report.note(settings + ".");
}

void add_to_summary(Job& job, const std::vector<Outcome>& all, const TaskInfo& info, const std::string& data) {
  job.summary.set({"unit"}, info.unit);
  job.summary.set({"baseline_loss"}, info.baseline);
  job.summary.set({"data"}, data);
  std::string csv = "clipping,seed,update,loss,norm_before,norm_after,clipped\n";
  for (const Outcome& o : all) {
    const auto rule = job.summary.under({"clipping", o.rule.name});
    rule.set({"bound"}, o.rule.bound);
    rule.set({"by_value"}, o.rule.by_value);
    rule.set({"runs_begun"}, o.begun());
    rule.set({"diverged"}, o.diverged());
    rule.set({"learnt"}, o.learned(info.baseline));
    rule.set({"loss"}, o.loss().mean);
    rule.set({"clipped_updates"}, o.clipped());
    rule.set({"clipped_share"}, o.share());
    rule.set({"median_norm"}, o.middle());
    rule.set({"largest_norm"}, o.largest());
    rule.set({"least_cosine"}, o.least_cosine());
    for (std::size_t k = 0; k < o.runs.size(); ++k) {
      const Clipping& r = o.runs[k];
      const std::string seed = std::to_string(job.seeds()[k]);
      const auto run = rule.under({"runs", seed});
      run.set({"loss"}, r.loss);
      run.set({"diverged"}, r.training.diverged);
      run.set({"updates"}, static_cast<int>(r.training.curve.size()));
      run.set({"clipped_updates"}, r.training.clip_events);
      for (std::size_t u = 0; u < r.training.curve.size(); ++u) {
        const CurvePoint& p = r.training.curve[u];
        fmt::format_to(std::back_inserter(csv), "{},{},{},{},{},{},{}\n", o.rule.name, seed, p.step, csv_text(p.loss),
                       csv_text(p.gradient_norm), csv_text(r.after[u]), p.clipped ? 1 : 0);
      }
    }
  }
  job.write("norms.csv", csv);
}

}  // namespace ebb::app::clip_study
