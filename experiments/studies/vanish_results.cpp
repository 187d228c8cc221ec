#include <algorithm>
#include <cmath>
#include <ebb/experiments/studies/vanish.hpp>
#include <fmt/format.h>
#include <iterator>
#include <limits>

namespace ebb::vanish {
namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

void set_decay(Summary& s, Summary::Path path, const Decay& d) {
  const auto set = [&](std::initializer_list<const char*> keys, double x) {
    Summary::Path full = path;
    full.insert(full.end(), keys.begin(), keys.end());
    s.set(full, x);
  };
  set({"decay_per_step"}, d.per_step);
  set({"half_life_steps"}, d.half_life());
  for (const int lag : {1, 10, 50, 100}) {
    const std::string key = std::to_string(lag);
    set({"norm_at_lag", key.c_str()}, d.norm(lag));
    set({"ln_norm_spread_at_lag", key.c_str()},
        lag < static_cast<int>(d.spread.size()) ? d.spread[static_cast<std::size_t>(lag)] : unknown);
  }
}

void set_settings(Summary& s, const TaskResult& task) {
  const TaskSettings& ts = task.settings;
  for (const auto& [key, x] : {std::pair{"hidden", ts.hidden}, {"length", ts.length}, {"batch", ts.batch},
                               {"steps", ts.steps}, {"lags", task.lags}, {"rows", task.rows}})
    s.set({"tasks", task.name, "settings", key}, x);
  for (const auto& [key, x] : {std::pair{"lr", ts.lr}, {"clip", ts.clip}, {"enough", ts.enough}})
    s.set({"tasks", task.name, "settings", key}, x);
}

void set_runs(Summary& s, Summary::Path path, const CellResult& cell) {
  path.push_back("runs");
  s.set_json(path, "{}");
  for (const Run& run : cell.runs) {
    Summary::Path at = path;
    at.push_back(std::to_string(run.seed));
    const auto set = [&](const char* key, auto x) {
      Summary::Path full = at;
      full.push_back(key);
      s.set(full, x);
    };
    set("begun", run.begun);
    if (!run.begun) continue;
    set("loss", run.loss);
    set("updates", static_cast<int>(run.training.curve.size()));
    set("clip_events", run.training.clip_events);
    set("seconds", run.seconds);
    set("interrupted", run.training.interrupted);
    set("diverged", run.training.diverged);
    set("failed", run.failed);
  }
}

const char* const when_names[] = {"init", "trained"};

void write_gradients(Job& job, const std::vector<TaskResult>& tasks) {
  std::string csv = "task,cell,seed,when,field,lag,rows,mean_ln_norm,spread_ln_norm\n";
  for (const TaskResult& task : tasks)
    for (const CellResult& cell : task.cells)
      for (const Run& run : cell.runs)
        for (int when = 0; when < 2; ++when)
          for (const auto& [field, norms] : when == 0 ? run.init : run.trained) {
            const Decay d = decay_of(norms);
            for (std::size_t lag = 0; lag < norms.size(); ++lag)
              fmt::format_to(std::back_inserter(csv), "{},\"{}\",{},{},{},{},{},{:.9g},{:.6g}\n", task.name, cell.cell, run.seed,
                             when_names[when], field, lag, norms[lag].size(), d.mean[lag], d.spread[lag]);
          }
  job.write("gradients.csv", csv);
}

}  // namespace

double loss_of(const Run& r) { return r.loss; }
double loss_before_of(const Run& r) { return r.loss_before; }
double seconds_of(const Run& r) { return r.seconds; }
double speed_of(const Run& r) { return r.training.speed; }
double updates_of(const Run& r) { return static_cast<double>(r.training.curve.size()); }
double clips_of(const Run& r) { return r.training.clip_events; }
double weights_of(const Run& r) { return static_cast<double>(r.weights); }
double kept_of(const Run& r) { return static_cast<double>(r.training.kept_bytes); }

double CellResult::mean(double (*of)(const Run&)) const {
  double sum = 0, count = 0;
  for (const Run& r : runs)
    if (r.begun && r.training.diverged.empty() && r.failed.empty()) sum += of(r), count += 1;
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

void settle(CellResult& cell) {
  std::vector<std::string> fields;       // h first: the map of a run is in alphabetical order
  for (const Run& run : cell.runs)
    for (const auto& [field, norms] : run.init)
      if (std::find(fields.begin(), fields.end(), field) == fields.end())
        fields.insert(field == "h" ? fields.begin() : fields.end(), field);
  for (const std::string& field : fields) {
    LagNorms init, trained;
    for (const Run& run : cell.runs) {
      if (auto at = run.init.find(field); at != run.init.end()) append_rows(init, at->second);
      if (auto at = run.trained.find(field); at != run.trained.end()) append_rows(trained, at->second);
    }
    cell.decays.push_back({field, decay_of(init), decay_of(trained)});
  }
}

std::pair<double, double> scale_of(const TaskResult& task) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const CellResult& cell : task.cells)
    for (const Decays& d : cell.decays)
      for (const auto* decay : {&d.init, &d.trained})
        for (const double ln : decay->mean)
          if (std::isfinite(ln)) low = std::min(low, ln), high = std::max(high, ln);
  if (!(low < high)) return {-1, 0};
  return {std::max(low, high - 40 * std::log(10.0)), high};
}

void add_to_summary(Job& job, const TaskResult& task) {
  Summary& s = job.summary;
  const Summary::Path at{"tasks", task.name};
  const auto set = [&](const Summary::Path& base, const char* key, auto x) {
    Summary::Path path = base;
    path.push_back(key);
    s.set(path, x);
  };
  set(at, "unit", task.info.unit);
  set(at, "trivial_loss", task.info.trivial);
  set(at, "data", task.data);
  set_settings(s, task);
  for (const CellResult& cell : task.cells) {
    const Summary::Path path{"tasks", task.name, "cells", cell.cell};
    for (int when = 0; when < 2; ++when)
      for (std::size_t f = 0; f < cell.decays.size(); ++f) {
        Summary::Path to = path;
        to.push_back(when_names[when]);
        const Decay& d = when == 0 ? cell.decays[f].init : cell.decays[f].trained;
        if (f == 0) {
          set_decay(s, to, d);
          set(to, "loss", cell.mean(when == 0 ? loss_before_of : loss_of));
        }
        to.insert(to.end(), {"fields", cell.decays[f].field});
        set_decay(s, to, d);
      }
    set(path, "loss", cell.mean(loss_of));
    set(path, "trivial_loss", task.info.trivial);
    double seconds = 0;
    for (const Run& run : cell.runs) seconds += run.seconds;
    set(path, "seconds", seconds);
    set(path, "weights", cell.mean(weights_of));
    set(path, "kept_bytes", cell.mean(kept_of));
    set(path, "speed", cell.mean(speed_of));
    set(path, "updates", cell.mean(updates_of));
    set(path, "clip_events", cell.mean(clips_of));
    set(path, "diverged", cell.diverged());
    set(path, "failed", cell.failed());
    set_runs(s, path, cell);
  }
}

void write_series(Job& job, const std::vector<TaskResult>& tasks) {
  write_gradients(job, tasks);
  std::string csv = "task,cell,seed,step,loss,gradient_norm,clipped,seconds,valid_loss\n";
  for (const TaskResult& task : tasks)
    for (const CellResult& cell : task.cells)
      for (const Run& run : cell.runs)
        for (const CurvePoint& p : run.training.curve)
          fmt::format_to(std::back_inserter(csv), "{},\"{}\",{},{},{:.9g},{:.9g},{},{:.4f},{}\n", task.name, cell.cell, run.seed,
                         p.step, p.loss, p.gradient_norm, p.clipped ? 1 : 0, p.seconds,
                         p.valid < 0 ? "" : fmt::format("{:.9g}", p.valid));
  job.write("training.csv", csv);
}

}  // namespace ebb::vanish
