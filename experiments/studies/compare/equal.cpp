#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/studies/compare/compare.hpp>
#include <ebb/experiments/train/task_call.hpp>
#include <ebb/experiments/train/treatment.hpp>
#include <ebb/ops/flops.hpp>
#include <ebb/optim/clip.hpp>
#include <ebb/optim/optimizer_list.hpp>
#include <limits>

namespace ebb::app::compare {
namespace {

constexpr int least_timed = 5;
constexpr double timed_seconds = .5;

// Flops as a whole number, which the search for a width compares.
std::int64_t flops_at(const Task& task, const std::string& cell, const TaskSettings& s) {
  return std::llround(cost_of_update(task, cell, s, 1).flops);
}

double median(std::vector<double> x) {
  const auto middle = x.begin() + static_cast<std::ptrdiff_t>(x.size() / 2);
  std::nth_element(x.begin(), middle, x.end());
  return *middle;
}

}  // namespace

UpdateCost cost_of_update(const Task& task, const std::string& cell, const TaskSettings& s, int updates) {
  const OneThread only;
  Model model{task, cell, s, 1};
  const auto optimizer = make_optimizer(s.optimizer, model.w, s.lr);
  const Treatment treatment{model, task, s, 1};
  UpdateCost cost;
  std::vector<double> times;  // without the first, which warms up caches
  double all = 0;
  const auto enough = [&](int done) {
    return updates > 0 ? done == updates : done > least_timed && all > timed_seconds;
  };
  for (int k = 0; !enough(k); ++k) {
    const double start = thread_seconds();
    const FlopCount count;
    const auto number = static_cast<std::uint64_t>(k);
    const Batch batch = make_batch(task, {.length = s.length, .rows = s.batch, .number = number, .seed = 1});
    const ShardOptions options = treatment.options({.rows = batch.rows(), .update = number, .seed = 1});
    Result r = backward(model.w, options, [&](Shard& shard) { return treatment.loss(shard, batch, {}); });
    if (k == 0) cost.flops = count.flops();
    if (s.clip > 0) clip_by_norm(r.grads, s.clip);
    optimizer->step(r.grads);
    if (k > 0) times.push_back(thread_seconds() - start);
    if (k > 0) all += times.back();
  }
  if (!times.empty()) cost.seconds = median(std::move(times));
  return cost;
}

std::vector<int> equal_widths(const Results& r, const Task& task, const TaskSettings& s,
                              const std::vector<std::string>& cells) {
  const std::set<std::string> tables = tables_of(task, s);
  const auto at = [&](const std::string& cell, int width, std::int64_t most) {
    TaskSettings one = s;
    one.hidden = width;
    return weights_of(Model{task, cell, one, 1, most}, tables);
  };
  constexpr std::int64_t any = 0;
  if (at("rnn", 4, any).counted == at("lstm", 4, any).counted)
    throw ValueError(fmt::format("the network of the task '{}' has no cell that could be replaced", r.task));
  std::vector<int> widths;
  for (const std::string& cell : cells) {
    const int step = least_width(cell, s);
    const Weights least = at(cell, step, any);
    if (at(cell, 2 * step, any).counted == least.counted)
      throw ValueError(fmt::format("the network of the task '{}' has no cell with a variable width", r.task));
    widths.push_back(width_for(r.budget, step, [&](int width) {
      if (r.equal == Equal::flops) {
        TaskSettings one = s;
        one.hidden = width;
        return flops_at(task, cell, one);
      }
      try {
        return at(cell, width, 8 * (r.budget + least.tables) + 100'000).counted;
      } catch (const ValueError&) {
        return std::numeric_limits<std::int64_t>::max() / 2;  // far too many; they are not drawn
      }
    }));
  }
  return widths;
}

void share_seconds(Results& r) {
  const Variant& first = r.variants.front();
  r.seconds = first.settings.steps * first.update.seconds;
  const double least = std::min(1, first.settings.steps), most = 1e9;
  for (Variant& v : r.variants)
    v.settings.steps = static_cast<int>(std::clamp(std::round(r.seconds / v.update.seconds), least, most));
}

}  // namespace ebb::app::compare
