#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/compare/compare.hpp>
#include <ebb/experiments/studies/study.hpp>
#include <iterator>
#include <limits>

namespace ebb::app::compare {
namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

template <class F> Mean over_trials(const Variant& v, const F& of) {
  std::vector<double> numbers;
  for (const Trial* t : comparable(v)) numbers.push_back(of(*t));
  return mean_of(numbers);
}

double median_update(const Trial& t) {
  std::vector<double> times;
  const auto& curve = t.training.curve;
  for (std::size_t k = 1; k < curve.size(); ++k)
    if (!curve[k].validated()) times.push_back(t.seconds[k] - t.seconds[k - 1]);
  if (times.empty()) return unknown;
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

double updates_seconds(const Trial& t) {
  double sum = 0;
  int count = 0;
  const auto& curve = t.training.curve;
  for (std::size_t k = 1; k < curve.size(); ++k)
    if (!curve[k].validated()) {
      sum += t.seconds[k] - t.seconds[k - 1];
      ++count;
    }
  return count > 0 ? sum / count * static_cast<double>(curve.size()) : unknown;
}

double best_valid(const Trial& t, bool rises) {
  double best = unknown;
  for (const CurvePoint& p : t.training.curve)
    if (p.validated() && !(rises ? p.valid <= best : p.valid >= best)) best = p.valid;
  return best;
}

// For the seeds that reached the goal, `of` applied to the index of the first point that did.
template <class F> Mean mean_to(const Goal& goal, const Variant& v, const F& of) {
  return over_trials(v, [&](const Trial& t) {
    for (std::size_t k = 0; k < t.training.curve.size(); ++k)
      if (const CurvePoint& p = t.training.curve[k]; p.validated() && goal.reached(p.valid)) return of(t, k);
    return unknown;
  });
}

void set_mean(const Summary::Section& s, const Mean& m) {
  s.set({"mean"}, m.mean);
  s.set({"low"}, m.low);
  s.set({"high"}, m.high);
  s.set({"seeds"}, m.count);
}

void set_variant(const Summary::Section& s, const Results& r, const Variant& v) {
  s.set({"cell"}, v.cell);
  if (!v.embedding.empty()) s.set({"embedding"}, v.embedding);
  if (!v.direction.empty()) s.set({"direction"}, v.direction);
  s.set({"hidden"}, v.settings.hidden);
  s.set({"lr"}, v.settings.lr);
  s.set({"weights"}, static_cast<double>(v.weights.counted));
  s.set({"weights_in_tables"}, static_cast<double>(v.weights.tables));
  s.set({"flops_an_update"}, v.update.flops);
  s.set({"updates"}, v.settings.steps);
  set_mean(s.under({"quality"}), quality_of(v));
  set_mean(s.under({"loss"}), over_trials(v, [](const Trial& t) { return t.loss; }));
  set_mean(s.under({"seconds_to_target"}), seconds_to(r.goal, v));
  set_mean(s.under({"updates_to_target"}), updates_to(r.goal, v));
  set_mean(s.under({"seconds_an_update"}), seconds_an_update(v));
  set_mean(s.under({"seconds_of_training"}), seconds_of_training(v));
  s.set({"kept_bytes"}, kept_bytes(v));
  for (const Trial& t : v.trials) {
    const auto run = s.under({"runs", std::to_string(t.seed)});
    run.set({"begun"}, t.begun);
    if (!t.begun) continue;
    run.set({"quality"}, t.quality);
    run.set({"updates"}, static_cast<int>(t.training.curve.size()));
    run.set({"seconds"}, t.training.seconds);
    run.set({"interrupted"}, t.training.interrupted);
    run.set({"diverged"}, t.training.diverged);
    run.set({"failed"}, t.failed);
  }
}

}  // namespace

std::vector<const Trial*> comparable(const Variant& v) {
  return study::comparable(v.trials, [](const Trial& t) {
    return !t.begun ? study::End::none : t.training.interrupted ? study::End::interrupted : study::End::reached;
  });
}

Mean mean_of(const std::vector<double>& numbers) {
  Mean m{0, INFINITY, -INFINITY, 0};
  for (const double x : numbers)
    if (std::isfinite(x)) m = {m.mean + x, std::min(m.low, x), std::max(m.high, x), m.count + 1};
  if (m.count == 0) return {unknown, unknown, unknown, 0};
  m.mean /= m.count;
  return m;
}

Mean quality_of(const Variant& v) {
  return over_trials(v, [](const Trial& t) { return t.quality; });
}
Mean seconds_an_update(const Variant& v) { return over_trials(v, median_update); }
Mean seconds_of_training(const Variant& v) { return over_trials(v, updates_seconds); }
Mean seconds_to(const Goal& g, const Variant& v) {
  return mean_to(g, v, [](const Trial& t, std::size_t k) { return t.seconds[k]; });
}
Mean updates_to(const Goal& g, const Variant& v) {
  return mean_to(g, v, [](const Trial& t, std::size_t k) { return double(t.training.curve[k].step); });
}

double kept_bytes(const Variant& v) {
  return over_trials(v, [](const Trial& t) { return static_cast<double>(t.training.kept_bytes); }).high;
}

Goal goal_of(const Measure& measure, const std::vector<Variant>& variants, double target) {
  Goal goal{measure, target};
  if (std::isfinite(target)) return goal;
  double best = measure.baseline;
  for (const Variant& v : variants) {
    const double valid = over_trials(v, [&](const Trial& t) { return best_valid(t, measure.rises); }).mean;
    if (std::isfinite(valid)) best = measure.rises ? std::max(best, valid) : std::min(best, valid);
  }
  goal.level = best == measure.baseline ? unknown : measure.baseline + .9 * (best - measure.baseline);
  return goal;
}

study::Comparison quality_of(const Results& r) {
  std::vector<statistics::Group> groups;
  for (const Variant& v : r.variants) {
    statistics::Group g{.name = v.name, .runs = {}};
    for (const Trial& t : v.trials) g.runs.push_back({t.seed, t.quality, study::ended(t)});
    groups.push_back(std::move(g));
  }
  const Measure& m = r.goal.measure;
  return study::compared(std::move(groups), {m.name, m.unit, m.rises});
}

void add_to_summary(Job& job, const Results& r) {
  Summary& s = job.summary;
  s.set({"task"}, r.task);
  s.set({"data"}, r.data);
  const char* const equal[] = {"weights", "flops", "seconds"};
  s.set({"equal"}, equal[static_cast<std::size_t>(r.equal)]);
  if (r.equal == Equal::flops) s.set({"flops_wanted"}, static_cast<double>(r.budget));
  else s.set({"weights_wanted"}, static_cast<double>(r.budget));
  if (r.equal == Equal::seconds) s.set({"seconds_wanted"}, r.seconds);
  s.set({"measure", "name"}, r.goal.measure.name);
  s.set({"measure", "unit"}, r.goal.measure.unit);
  s.set({"measure", "rises"}, r.goal.measure.rises);
  s.set({"measure", "baseline"}, r.goal.measure.baseline);
  s.set({"target"}, r.goal.level);
  for (const Variant& v : r.variants) set_variant(s.under({"variants", v.name}), r, v);
  set_differences(s.under({"differences"}), r.quality);
  for (const CellCost& c : r.costs)
    for (const Cost& cost : c.costs) {
      const Summary::Path at{"lengths", c.cell, std::to_string(cost.length)};
      if (!cost.skipped.empty()) {
        s.set({at[0], at[1], at[2], "skipped"}, cost.skipped);
        continue;
      }
      s.set({at[0], at[1], at[2], "seconds"}, cost.seconds);
      s.set({at[0], at[1], at[2], "kept_bytes"}, cost.kept);
    }
}

void write_curves(Job& job, const Results& r) {
  std::string csv = "variant,seed,step,loss,gradient_norm,seconds,valid\n";
  for (const Variant& v : r.variants)
    for (const Trial& t : v.trials)
      for (std::size_t k = 0; k < t.training.curve.size(); ++k) {
        const CurvePoint& p = t.training.curve[k];
        fmt::format_to(std::back_inserter(csv), "\"{}\",{},{},{},{},{:.4f},{}\n", v.name, t.seed, p.step,
                       csv_text(p.loss), csv_text(p.gradient_norm), t.seconds[k],
                       !p.validated() ? "" : csv_text(p.valid));
      }
  job.write("curves.csv", csv);
  csv = "cell,hidden,length,seconds,kept_bytes,skipped\n";
  for (const CellCost& c : r.costs)
    for (const Cost& cost : c.costs)
      fmt::format_to(std::back_inserter(csv), "\"{}\",{},{},{},{},\"{}\"\n", c.cell, c.hidden, cost.length,
                     cost.skipped.empty() ? fmt::format("{:.6g}", cost.seconds) : "",
                     cost.skipped.empty() ? fmt::format("{:.0f}", cost.kept) : "", cost.skipped);
  if (!r.costs.empty()) job.write("lengths.csv", csv);
}

}  // namespace ebb::app::compare
