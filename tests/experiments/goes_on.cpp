#include "goes_on.hpp"

#include <cstring>
#include <ebb/experiments/train/checkpoint.hpp>
#include <ebb/nn/files/archive.hpp>

#include "catch.hpp"
#include "run_ebb.hpp"

namespace ebb::app {
namespace {

bool same_bits(const LeafSet& a, const LeafSet& b) {
  return a.flat().bytes() == b.flat().bytes() && std::memcmp(a.flat().raw(), b.flat().raw(), a.flat().bytes()) == 0;
}

bool same(const TrainRecord& a, const TrainRecord& b) {
  bool equal = a.curve.size() == b.curve.size() && a.clip_events == b.clip_events && a.enough == b.enough &&
               a.waited == b.waited && a.diverged == b.diverged;
  for (std::size_t k = 0; equal && k < a.curve.size(); ++k) {
    const CurvePoint &p = a.curve[k], &q = b.curve[k];
    equal = p.step == q.step && p.loss == q.loss && p.gradient_norm == q.gradient_norm && p.clipped == q.clipped &&
            p.lr == q.lr && (p.valid == q.valid || (!p.validated() && !q.validated()));
  }
  return equal;
}

}  // namespace

void goes_on(const std::string& task_name, const std::string& cell, const TaskSettings& s, const std::vector<int>& from,
             const Task::Inputs& inputs) {
  TempFolder folder;
  const auto task = make_task(task_name, inputs);
  Origin origin{.task = task_name, .cell = cell, .data = {}, .options = {}};
  Model whole{*task, cell, s, 5};
  int saved = 0;
  TrainKeeper each;
  each.every = 1;
  each.save = [&](const TrainPart& part) { save(folder / std::to_string(++saved), origin, part); };
  const TrainRecord record = train(whole, *task, s, 5, {}, each);
  for (const int k : from) {
    INFO(task_name << " " << cell << " " << s.optimizer << ", from update " << k);
    Model again{*task, cell, s, 99};
    TrainKeeper keeper = keep_at(folder / std::to_string(k), 0, origin, true);
    keeper.save = {};
    std::size_t before = 0;
    keeper.begin = [&](const TrainRecord& r) { before = r.curve.size(); };
    const TrainRecord rest = train(again, *task, s, 5, {}, keeper);
    CHECK(before == static_cast<std::size_t>(k));
    CHECK(same(record, rest));
    CHECK(same_bits(whole.w, again.w));
  }
}

}  // namespace ebb::app
