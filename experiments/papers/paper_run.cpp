#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <ebb/experiments/cli/fields.hpp>
#include <ebb/experiments/cli/interrupt.hpp>
#include <ebb/experiments/papers/paper_run.hpp>
#include <map>

namespace ebb::app::papers {

PaperRun::PaperRun(const Protocol& p, Size size, std::vector<std::uint64_t> seeds) : seeds_(std::move(seeds)) {
  for (const Experiment& e : p.experiments)
    for (const Row& r : e.rows) {
      entries_.push_back({&e, &r, {}});
      Words rates = e.rates_of(size == Size::full);
      if (size == Size::quick || rates.empty()) rates.assign(1, "");
      for (const std::string& rate : rates)
        entries_.back().trainings.push_back(std::make_unique<RowTraining>(p, e, r, size, rate));
    }
}

void PaperRun::measure_costs(const std::function<void(const Entry&)>& each) {
  for (Entry& e : entries_) {
    if (interrupted()) return;
    if (e.cost.known()) continue;
    const Cost cost = e.trainings.front()->cost();
    if (interrupted()) return;  // before its last update
    e.cost = cost;
    each(e);
  }
}

std::string PaperRun::costs_json() const {
  std::map<std::string, Cost> costs;
  for (const Entry& e : entries_) costs[e.name()] = e.cost;
  return sweep::costs_json(costs);
}

void PaperRun::read_costs(const std::string& json, const std::string& file) {
  const auto costs = sweep::costs_from(json, file);
  for (Entry& e : entries_)
    if (const auto at = costs.find(e.name()); at != costs.end()) e.cost = at->second;
}

void PaperRun::leave_out(double seconds, int threads) {
  for (Entry& e : entries_) e.run = !(wall(e, threads) > seconds);
}

// Each trial has a thread of its own while there are enough of them.
double PaperRun::wall(const Entry& e, int threads) const {
  if (!e.cost.known()) return NAN;
  return e.cost.seconds() * std::max(1., runs(e) / threads);
}

double PaperRun::wall(int threads) const {
  double sum = 0, longest = 0;
  for (const Entry& e : entries_) {
    if (!e.run) continue;
    if (!e.cost.known()) return NAN;
    sum += e.cost.seconds() * runs(e);
    longest = std::max(longest, e.cost.seconds());
  }
  return std::max(longest, sum / threads);
}

sweep::Plan PaperRun::plan() const {
  sweep::Plan plan{.task = {}, .seeds = seeds_, .compares = false};
  for (const Entry& e : entries_) {
    if (!e.run) continue;
    for (const auto& training : e.trainings)
      plan.configurations.push_back({.number = static_cast<int>(plan.configurations.size()) + 1,
                                     .name = e.name() + (training->rate().empty() ? "" : "-lr-" + training->rate()),
                                     .words = training->words(),
                                     .steps = training->updates()});
  }
  plan.trials = sweep::trials_of(plan.configurations, plan.seeds);
  return plan;
}

std::vector<RowResult> PaperRun::results(const sweep::Plan& plan, const sweep::Runner* runner, int threads) const {
  std::vector<RowResult> all;
  std::size_t configuration = 0;
  for (const Entry& e : entries_) {
    all.push_back({.experiment = e.experiment, .row = e.row, .run = e.run && runner, .wall = wall(e, threads)});
    for (const auto& training : e.trainings) {
      const std::string command = fmt::format("ebb {}", fmt::join(training->words(), " "));
      all.back().commands.push_back(command);
      if (!all.back().run) continue;
      for (std::size_t s = 0; s < seeds_.size(); ++s) {
        const std::size_t trial = plan.trial(configuration, s);
        all.back().seeds.push_back(seed_result_of(runner->folder(plan.trials[trial]), runner->results()[trial],
                                                  seeds_[s], e.experiment->measure, training->lengths()));
        all.back().seeds.back().rate = training->rate();
        all.back().seeds.back().command = command;
      }
      ++configuration;
    }
  }
  return all;
}

}  // namespace ebb::app::papers
