#include <fmt/format.h>
#include <ebb/experiments/train/abilities.hpp>
#include <ebb/experiments/train/model.hpp>
#include <ebb/experiments/train/recurrent_network.hpp>
#include <ebb/experiments/train/task_call.hpp>
#include <ebb/nn/sequence/layer_list.hpp>
#include <ebb/ops/elementwise.hpp>

namespace ebb::app {
namespace {

std::unique_ptr<const Network> network_of(const Task& task, Params& w, const Recurrence& r) {
  if (const auto* const own = task.as<HasNetwork>()) return task_call(task, [&] { return own->network(w / "net", r); });
  if (const auto* const own = task.as<HasFeedForward>())
    return task_call(task, [&] { return own->network(w / "net", r.settings); });
  if (const auto* const simple = task.as<SimpleTask>()) {
    const SimpleSizes sizes = task_call(task, [&] { return simple->sizes(); });
    check_sizes(task.name(), sizes);
    return std::make_unique<SimpleNetwork>(w, sizes, r);
  }
  throw Error("the task has no network: it is not a SimpleTask and has no network of its own");
}

Recurrence recurrence_of(const Task& t, const std::string& cell, const TaskSettings& s) {
  Recurrence r{cell, s};
  r.settings.length = task_call(t, [&] { return t.steps(s); });
  r.settings.network = with_own(s.network, t);
  return r;
}

}  // namespace

Model::Model(const Task& t, const std::string& cell, int hidden, std::uint64_t seed)
    : Model(t, cell, TaskSettings{.hidden = hidden}, seed) {}

Model::Model(const Task& t, const std::string& cell, const TaskSettings& s, std::uint64_t seed, std::int64_t most,
             DType dtype)
    : w({.seed = seed, .dtype = dtype, .most = most}), task(task_call(t, [&] { return t.info(); })),
      network_(network_of(t, w, recurrence_of(t, cell, s))),
      carrying_(dynamic_cast<const CarryingNetwork*>(network_.get())) {}

Model::Model(const SimpleSizes& sizes, const std::string& cell, const TaskSettings& s, std::uint64_t seed,
             std::int64_t most)
    : w({.seed = seed, .most = most}), task{}, network_(std::make_unique<SimpleNetwork>(w, sizes, Recurrence{cell, s})),
      carrying_(dynamic_cast<const CarryingNetwork*>(network_.get())) {}

PartialLoss Model::loss(Shard& s, const Batch& b, const StateArrays& carried) const {
  if (carrying_) return carrying_->loss_from(s, b, carried);
  if (b.continues()) throw Error("the task's batches continue one another, but its network is not a CarryingNetwork");
  return network_->loss(s, b);
}

const SimpleNetwork& Model::simple() const {
  if (const auto* const n = dynamic_cast<const SimpleNetwork*>(network_.get())) return *n;
  throw ValueError("the task has its own network, which is not one cell and a linear layer");
}

const RecurrentNetwork& Model::recurrent() const {
  if (const auto* const n = dynamic_cast<const RecurrentNetwork*>(network_.get())) return *n;
  throw ValueError(network_->not_followed());
}

std::string nonfinite_weight(const LeafSet& w) {
  for (int k = 0; k < w.count(); ++k)
    if (!all_finite(w[k].value())) return w[k].name();
  return {};
}

void check_cell_names(const std::vector<std::string>& names) {
  std::vector<std::string> known;
  for (const CellInfo& c : cell_list()) known.push_back(c.name);
  for (const std::string& name : names) {
    if (const LayerEntry* l = find_layer(name))
      throw ValueError(
          fmt::format("'{}' runs over whole sequences and has no step, but one is needed here: use a cell", l->name));
    check_name("cell", name.substr(0, name.find(':')), known, "ebb cells");
  }
}

}  // namespace ebb::app
