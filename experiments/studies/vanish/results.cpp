#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/study.hpp>
#include <ebb/experiments/studies/vanish/vanish.hpp>
#include <iterator>
#include <limits>
#include <set>

namespace ebb::app::vanish {
namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

void set_decay(const Summary::Section& s, const Decay& d, const TaskResult& task) {
  s.set({"decay_per_step"}, d.per_step);
  s.set({"half_life_steps"}, d.half_life());
  std::set<int> lags{1, 10, 50, 100};
  lags.insert(task.columns.begin(), task.columns.end());
  for (const int lag : lags) {
    const std::string key = std::to_string(lag);
    s.set({"norm_at_lag", key}, d.norm(lag));
    s.set({"ln_norm_spread_at_lag", key},
          lag < static_cast<int>(d.spread.size()) ? d.spread[static_cast<std::size_t>(lag)] : unknown);
  }
}

void set_settings(const Summary::Section& s, const TaskResult& task) {
  const TaskSettings& ts = task.settings;
  for (const auto& [key, x] : {std::pair{"hidden", ts.hidden},
                               {"length", task.steps()},
                               {"batch", ts.batch},
                               {"steps", ts.steps},
                               {"layers", ts.layers},
                               {"layer", task.layer},
                               {"lags", task.lags},
                               {"rows", task.rows},
                               {"every", task.every}})
    s.set({key}, x);
  for (const auto& [key, x] : {std::pair{"lr", ts.lr}, {"clip", ts.clip}, {"enough", ts.enough}}) s.set({key}, x);
}

void set_runs(const Summary::Section& s, const CellResult& cell) {
  s.set_json({}, "{}");
  for (const Run& run : cell.runs) {
    const auto one = s.under({std::to_string(run.seed)});
    one.set({"begun"}, run.begun);
    if (!run.begun) continue;
    one.set({"loss"}, run.loss);
    one.set({"updates"}, static_cast<int>(run.training.curve.size()));
    one.set({"clip_events"}, run.training.clip_events);
    one.set({"seconds"}, run.seconds);
    one.set({"interrupted"}, run.training.interrupted);
    one.set({"diverged"}, run.training.diverged);
    one.set({"failed"}, run.failed);
  }
}

const char* const when_names[] = {"init", "trained"};

/// The fields, and the whole state under the name "whole state" if there are several.
std::vector<std::pair<std::string, LagNorms>> with_whole(const GradientNorms& norms) {
  std::vector<std::pair<std::string, LagNorms>> all(norms.begin(), norms.end());
  if (norms.size() > 1) all.insert(all.begin(), {"whole state", whole_state(norms)});
  return all;
}

void write_gradients(Job& job, const std::vector<TaskResult>& tasks) {
  std::string csv = "task,cell,seed,when,field,lag,rows,mean_ln_norm,spread_ln_norm\n";
  for (const TaskResult& task : tasks)
    for (const CellResult& cell : task.cells)
      for (const Run& run : cell.runs)
        for (int when = 0; when < 2; ++when)
          for (const auto& [field, norms] : with_whole(when == 0 ? run.init : run.trained)) {
            const Decay d = decay_of(norms);
            for (std::size_t lag = 0; lag < norms.size(); ++lag)
              fmt::format_to(std::back_inserter(csv), "{},\"{}\",{},{},{},{},{},{},{}\n", task.name, cell.cell,
                             run.seed, when_names[when], field, lag, norms[lag].size(), csv_text(d.mean[lag]),
                             csv_text(d.spread[lag]));
          }
  job.write("gradients.csv", csv);
}

}  // namespace

std::string Decays::name() const {
  if (field.empty()) return "whole state";
  return field.starts_with("layer ") ? field : "d" + field;
}

GradientNorms chosen_norms(const TaskResult& task, const GradientNorms& norms) {
  return task.settings.layers > 1 ? in_layers(norms, task.layer) : norms;
}

std::string layers_text(const TaskResult& task) {
  const int layers = task.settings.layers;
  if (layers == 1) return {};
  return task.layer == 0 ? fmt::format("all {} layers", layers) : fmt::format("layer {} of {}", task.layer, layers);
}

double loss_of(const Run& r) { return r.loss; }
double loss_before_of(const Run& r) { return r.loss_before; }
double seconds_of(const Run& r) { return r.seconds; }
double speed_of(const Run& r) { return r.training.speed; }
double updates_of(const Run& r) { return static_cast<double>(r.training.curve.size()); }
double clips_of(const Run& r) { return r.training.clip_events; }
double weights_of(const Run& r) { return static_cast<double>(r.weights); }
double kept_of(const Run& r) { return static_cast<double>(r.training.kept_bytes); }

std::vector<const Run*> CellResult::comparable() const {
  return study::comparable(runs, [](const Run& r) {
    return !r.begun || !r.training.diverged.empty() || !r.failed.empty() ? study::End::none
           : r.training.interrupted                                      ? study::End::interrupted
                                                                         : study::End::reached;
  });
}

double CellResult::mean(double (*of)(const Run&)) const {
  double sum = 0, count = 0;
  for (const Run* r : comparable()) {
    sum += of(*r);
    count += 1;
  }
  return count > 0 ? sum / count : unknown;
}

bool CellResult::diverged() const {
  return std::any_of(runs.begin(), runs.end(), [](const Run& r) { return !r.training.diverged.empty(); });
}

bool CellResult::failed() const {
  return std::any_of(runs.begin(), runs.end(), [](const Run& r) { return !r.failed.empty(); });
}

double fallen(const Decay& d, int lag) {
  if (d.mean.size() < 2 || static_cast<std::size_t>(lag) >= d.mean.size()) return unknown;
  const double ln = d.mean[static_cast<std::size_t>(lag)];
  return std::isinf(ln) ? ln : ln - d.mean[1];
}

namespace {

/// Of all runs before training and of comparable ones after it.
Decays decays_of(const CellResult& cell, const std::string& field) {
  const auto norms_of = [&](const GradientNorms& norms) {
    if (field.empty()) return whole_state(norms);
    const auto at = norms.find(field);
    return at == norms.end() ? LagNorms() : at->second;
  };
  std::vector<LagNorms> init, trained;
  for (const Run& run : cell.runs) init.push_back(norms_of(run.init));
  for (const Run* run : cell.comparable()) trained.push_back(norms_of(run->trained));
  Decays d{.field = field};
  const auto pool = [](const std::vector<LagNorms>& runs, Decay& decay, Estimate& rate) {
    LagNorms all;
    std::vector<const LagNorms*> measured;
    for (const LagNorms& run : runs) {
      append_rows(all, run);
      if (!run.empty()) measured.push_back(&run);
    }
    decay = decay_of(all);
    rate = study::pooled_decay(measured);
  };
  pool(init, d.init, d.init_rate);
  pool(trained, d.trained, d.trained_rate);
  return d;
}

}  // namespace

void settle(CellResult& cell) {
  cell.decays.clear();
  std::vector<std::string> fields;  // h first, because the map of a run is in alphabetical order
  for (const Run& run : cell.runs)
    for (const auto& [field, norms] : run.init)
      if (std::find(fields.begin(), fields.end(), field) == fields.end())
        fields.insert(field == "h" ? fields.begin() : fields.end(), field);
  if (fields.empty()) return;
  cell.decays.push_back(decays_of(cell, ""));
  if (fields.size() == 1) cell.decays[0].field = fields[0];
  else
    for (const std::string& field : fields) cell.decays.push_back(decays_of(cell, field));
}

std::string half_life_text(const Estimate& rate, int length) {
  switch (study::trend_of(rate, length)) {
    case study::Trend::steady: return "steady";
    case study::Trend::unclear: return "unclear";
    case study::Trend::grows:
    case study::Trend::explodes: return "grows";
    case study::Trend::falls:
    case study::Trend::vanishes: return number_text(std::log(2) / -rate.value);
    case study::Trend::unknown:
    case study::Trend::gone: break;
  }
  return "–";
}

std::pair<double, double> scale_of(const TaskResult& task) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const CellResult& cell : task.cells)
    for (const Decays& d : cell.decays)
      for (const auto* decay : {&d.init, &d.trained})
        for (const double ln : decay->mean)
          if (std::isfinite(ln)) {
            low = std::min(low, ln);
            high = std::max(high, ln);
          }
  if (!(low < high)) return {-1, 0};
  return {std::max(low, high - 40 * std::log(10.0)), high};
}

study::Comparison losses_of(const TaskResult& task) {
  if (task.settings.steps == 0) return {};
  std::vector<statistics::Group> groups;
  for (const CellResult& cell : task.cells) {
    statistics::Group g{.name = cell.cell, .runs = {}};
    for (const Run& run : cell.runs) g.runs.push_back({run.seed, run.loss, study::ended(run)});
    groups.push_back(std::move(g));
  }
  return study::compared(std::move(groups), {"loss on the test split", task.info.unit, false});
}

void add_to_summary(Job& job, const TaskResult& task) {
  const auto of_task = job.summary.under({"tasks", task.name});
  of_task.set({"unit"}, task.info.unit);
  of_task.set({"baseline_loss"}, task.info.baseline);
  of_task.set({"data"}, task.data);
  set_settings(of_task.under({"settings"}), task);
  for (const auto& [name, value] : task.options) of_task.set_json({"options", name}, value);
  for (const CellResult& cell : task.cells) {
    const auto of_cell = of_task.under({"cells", cell.cell});
    for (int when = 0; when < 2; ++when) {
      const auto then = of_cell.under({when_names[when]});
      for (std::size_t f = 0; f < cell.decays.size(); ++f) {
        const Decay& d = when == 0 ? cell.decays[f].init : cell.decays[f].trained;
        if (f == 0) {
          set_decay(then, d, task);
          then.set({"loss"}, cell.mean(when == 0 ? loss_before_of : loss_of));
        }
        if (!cell.decays[f].field.empty()) set_decay(then.under({"fields", cell.decays[f].field}), d, task);
      }
    }
    of_cell.set({"loss"}, cell.mean(loss_of));
    of_cell.set({"baseline_loss"}, task.info.baseline);
    double seconds = 0;
    for (const Run& run : cell.runs) seconds += run.seconds;
    of_cell.set({"seconds"}, seconds);
    of_cell.set({"weights"}, cell.mean(weights_of));
    of_cell.set({"kept_bytes"}, cell.mean(kept_of));
    of_cell.set({"speed"}, cell.mean(speed_of));
    of_cell.set({"updates"}, cell.mean(updates_of));
    of_cell.set({"clip_events"}, cell.mean(clips_of));
    of_cell.set({"diverged"}, cell.diverged());
    of_cell.set({"failed"}, cell.failed());
    set_runs(of_cell.under({"runs"}), cell);
  }
  study::set_differences(of_task.under({"differences"}), task.losses);
}

void write_series(Job& job, const std::vector<TaskResult>& tasks) {
  write_gradients(job, tasks);
  std::string csv = "task,cell,seed,step,loss,gradient_norm,clipped,seconds,valid_loss\n";
  for (const TaskResult& task : tasks)
    for (const CellResult& cell : task.cells)
      for (const Run& run : cell.runs)
        for (const CurvePoint& p : run.training.curve)
          fmt::format_to(std::back_inserter(csv), "{},\"{}\",{},{},{},{},{},{:.4f},{}\n", task.name, cell.cell,
                         run.seed, p.step, csv_text(p.loss), csv_text(p.gradient_norm), p.clipped ? 1 : 0, p.seconds,
                         !p.validated() ? "" : csv_text(p.valid));
  job.write("training.csv", csv);
}

}  // namespace ebb::app::vanish
