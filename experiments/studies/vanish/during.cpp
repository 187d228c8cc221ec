#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/figure.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/vanish/vanish.hpp>
#include <iterator>
#include <numbers>

/// The gradient against the lag while a cell is trained.
namespace ebb::app::vanish {

void Profiles::add(int update, const LagNorms& norms) {
  if (!updates.empty() && update <= updates.back()) return;  // of a run that was resumed
  const Decay d = decay_of(norms);
  updates.push_back(update);
  mean.insert(mean.end(), d.mean.begin(), d.mean.end());
  spread.insert(spread.end(), d.spread.begin(), d.spread.end());
  rows.clear();
  for (const auto& lag : norms) rows.push_back(static_cast<int>(lag.size()));
}

const double* Profiles::at(int update) const {
  const auto after = std::upper_bound(updates.begin(), updates.end(), update);
  if (after == updates.begin()) return nullptr;
  return mean.data() + static_cast<std::size_t>(after - updates.begin() - 1) * lags();
}

namespace {

constexpr std::size_t most_columns = 100;  // of a map
constexpr double faintest = -8;            // decades: less is lost when float32 adds it to what comes from lag 1
constexpr double zero = -300;              // decades, of a norm below 1e-300
constexpr double usable = -2;              // decades

std::vector<const Profiles*> profiles_of(const CellResult& cell) {
  std::vector<const Profiles*> all;
  for (const Run* run : cell.comparable())
    if (run->during.lags() > 1) all.push_back(&run->during);
  return all;
}

/// Multiples of the interval, and the last update of the longest run; none without maps.
std::vector<double> updates_of_maps(const TaskResult& task) {
  if (task.every == 0) return {};
  int last = -1;
  for (const CellResult& cell : task.cells)
    for (const Profiles* p : profiles_of(cell)) last = std::max(last, p->updates.back());
  std::vector<double> updates;
  for (int update = 0; update < last; update += task.every) updates.push_back(update);
  if (last >= 0) updates.push_back(last);
  return updates;
}

/// Decades between the norms at this lag and at lag 1, the mean over runs; NaN if most are not numbers.
double relative(const std::vector<const Profiles*>& runs, int update, std::size_t lag) {
  double sum = 0, count = 0;
  for (const Profiles* run : runs) {
    const double* const mean = run->at(update);
    if (!mean || lag >= run->lags()) continue;
    const double ln = mean[lag] == -INFINITY ? mean[lag] : mean[lag] - mean[1];
    if (std::isnan(ln)) continue;
    sum += std::clamp(ln / std::numbers::ln10, zero, -zero);
    count += 1;
  }
  return 2 * count >= static_cast<double>(runs.size()) && count > 0 ? sum / count : NAN;
}

std::string decades_text(double decades) { return decades == zero ? "zero" : number_text(std::pow(10, decades)); }

/// "Relative to lag 1, the norm at lag 100 is 3e-12 before training and 0.2 at the end; by update 350 ..."
std::string finding(const std::vector<const Profiles*>& runs, const std::vector<double>& updates, int far) {
  const auto at = [&](double update) {
    return relative(runs, static_cast<int>(update), static_cast<std::size_t>(far));
  };
  const double first = at(updates.front()), last = at(updates.back());
  if (std::isnan(first) || std::isnan(last)) return {};
  std::string text = fmt::format("Relative to lag 1, the norm at lag {} is {} before training and {} at the end", far,
                                 decades_text(first), decades_text(last));
  const auto found = std::find_if(updates.begin(), updates.end(), [&](double u) { return at(u) >= usable; });
  if (first < usable && found != updates.end())
    text += fmt::format("; by update {} it is above a hundredth", count_text(*found));
  return text + ".";
}

HeatMap map_of(const TaskResult& task, const CellResult& cell, const std::vector<double>& updates) {
  const std::vector<const Profiles*> runs = profiles_of(cell);
  HeatMap map{.title = cell.cell,
              .x_label = "lag T − t (steps)",
              .y_label = "update",
              .value_label = "norm relative to lag 1, power of ten"};
  map.id = id_of("map " + cell.cell);
  map.y = updates;
  const std::size_t lags = runs.front()->lags(), every = (lags - 1 + most_columns - 1) / most_columns;
  for (std::size_t lag = 1; lag < lags; lag += every) map.x.push_back(static_cast<double>(lag));
  for (const double update : updates)
    for (const double lag : map.x)
      map.values.push_back(relative(runs, static_cast<int>(update), static_cast<std::size_t>(lag)));
  map.finding = finding(runs, updates, std::min(task.far(), static_cast<int>(lags) - 1));
  return map;
}

}  // namespace

std::vector<HeatMap> maps_of(const TaskResult& task) {
  std::vector<HeatMap> maps;
  const std::vector<double> updates = updates_of_maps(task);
  if (updates.size() < 2) return maps;
  double low = 0, high = 0;
  for (const CellResult& cell : task.cells) {
    if (profiles_of(cell).empty()) continue;
    maps.push_back(map_of(task, cell, updates));
    for (const double x : maps.back().values)
      if (std::isfinite(x)) {
        low = std::min(low, std::max(x, faintest));
        high = std::max(high, std::min(x, -faintest));
      }
  }
  for (HeatMap& map : maps) {
    map.low = low;
    map.high = high > low ? high : low + 1;
  }
  return maps;
}

void write_maps(Job& job, const std::vector<TaskResult>& tasks) {
  std::string csv = "task,cell,seed,update,lag,rows,mean_ln_norm,spread_ln_norm\n";
  bool some = false;
  for (const TaskResult& task : tasks)
    for (const CellResult& cell : task.cells)
      for (const Run& run : cell.runs) {
        const Profiles& p = run.during;
        for (std::size_t k = 0; k < p.updates.size(); ++k)
          for (std::size_t lag = 0; lag < p.lags(); ++lag)
            fmt::format_to(std::back_inserter(csv), "{},\"{}\",{},{},{},{},{},{}\n", task.name, cell.cell, run.seed,
                           p.updates[k], lag, p.rows[lag], csv_text(p.mean[k * p.lags() + lag]),
                           csv_text(p.spread[k * p.lags() + lag]));
        some = some || !p.updates.empty();
      }
  if (some) job.write("gradients-in-training.csv", csv);
}

}  // namespace ebb::app::vanish
