#include <fmt/format.h>
#include <ebb/experiments/train/network.hpp>
#include <ebb/nn/sequence/dropout.hpp>
#include <ebb/nn/sequence/layer_list.hpp>
#include <ebb/nn/sequence/recurrent_dropout.hpp>
#include <ebb/nn/sequence/sequence_layer.hpp>
#include <ebb/nn/sequence/stacked_cell.hpp>
#include <ebb/nn/sequence/zoneout.hpp>

namespace ebb::app {
namespace {

constexpr const char* carry_name = "carry";

CellPtr wrapped(CellPtr cell, const TaskSettings& s) {
  if (s.zoneout > 0) cell = CellPtr(new Zoneout(cell, s.zoneout));
  if (s.dropout <= 0) return cell;
  if (s.dropout_kind == DropoutKind::candidate) cell = CellPtr(new RecurrentDropout(cell, s.dropout));
  const bool state = s.dropout_kind <= DropoutKind::naive && cell->drops().state;
  return CellPtr(new DropoutCell(cell, {.input = s.dropout,
                                        .state = state ? s.dropout : 0,
                                        .per_sequence = s.dropout_kind == DropoutKind::variational}));
}

void check_steps(const std::string& cell) {
  if (const LayerEntry* l = find_layer(cell))
    throw ValueError(
        fmt::format("'{}' runs over whole sequences and has no step, but one is needed here: use a cell", l->name));
}

LayerSizes sizes_of(const TaskSettings& s, int input) {
  return {
      .input = input, .hidden = checked_hidden(s.hidden), .steps = s.length, .layers = s.layers, .dropout = s.dropout};
}

Checkpoint checkpoint_of(const TaskSettings& s) {
  return s.checkpoint.empty() ? Checkpoint() : Checkpoint::parse(s.checkpoint);
}

void check_no_state(const LayerEntry& l, const TaskSettings& s) {
  if (checkpoint_of(s))
    throw ValueError(
        fmt::format("checkpoints keep states between steps, and '{}' has none: leave out --checkpoint", l.name));
  if (s.zoneout > 0)
    throw ValueError(fmt::format("zoneout needs a state that is carried from step to step: '{}' has none", l.name));
}

}  // namespace

int checked_hidden(int hidden) {
  if (hidden < 1) throw ValueError("hidden size must be at least 1, not " + std::to_string(hidden));
  return hidden;
}

Network::~Network() = default;

std::string Network::not_followed() const {
  return "its network does not state which recurrence to follow: derive it from RecurrentNetwork "
         "(ebb/experiments/train/recurrent_network.hpp)";
}

void CarryingNetwork::carry(Shard& s, const State& end) { s.out(carry_name, end); }

StateArrays CarryingNetwork::carried(const Result& r) {
  const auto at = r.states.find(carry_name);
  return at == r.states.end() ? StateArrays{} : at->second;
}

CellPtr Recurrence::make(const Builder& p, int input) const {
  if (checkpoint_of(settings))
    throw ValueError(
        "checkpoints are for networks that read whole sequences, and this task's decoder runs step by step: "
        "leave out --checkpoint");
  return made(p, input);
}

CellPtr Recurrence::made(const Builder& p, int input) const {
  const TaskSettings& s = settings;
  check_steps(cell);
  CellSizes sizes{input, checked_hidden(s.hidden)};
  if (s.layers == 1) return wrapped(make_cell(cell, p, sizes), s);
  std::vector<CellPtr> layers;
  for (int l = 1; l <= s.layers; ++l) {
    layers.push_back(wrapped(make_cell(cell, p / std::to_string(l).c_str(), sizes), s));
    sizes.input = sizes.hidden;
  }
  return CellPtr(new StackedCell(std::move(layers)));
}

CellPtr Recurrence::plain(const Builder& p, int input, int hidden) const {
  check_steps(cell);
  return make_cell(cell, p, {input, hidden});
}

Recurrence::Readings Recurrence::layers(const Builder& p, int input) const {
  const LayerEntry* const entry = find_layer(cell);
  if (!entry) {
    const CellPtr c = made(p, input);
    const Checkpoint checkpoint = checkpoint_of(settings);
    return {layer_of(c, settings.hidden, {.checkpoint = checkpoint}),
            layer_of(c, settings.hidden, {.checkpoint = checkpoint, .reads = Reads::last})};
  }
  check_no_state(*entry, settings);
  const LayerPtr whole = make_layer(cell, p, sizes_of(settings, input));
  return {whole, whole};
}

LayerPtr Recurrence::plain_layer(const Builder& p, int input, int hidden, int steps) const {
  if (!find_layer(cell)) return layer_of(plain(p, input, hidden), hidden);
  return make_layer(cell, p, {.input = input, .hidden = hidden, .steps = steps});
}

LayerPtr Recurrence::both_ways(const Builder& p, int input) const {
  const LayerEntry* const entry = find_layer(cell);
  if (!entry || !entry->both) return nullptr;
  check_no_state(*entry, settings);
  LayerSizes sizes = sizes_of(settings, input);
  sizes.both = true;
  return make_layer(cell, p, sizes);
}

std::vector<std::string> recurrence_names() {
  std::vector<std::string> known;
  for (const CellInfo& c : cell_list()) known.push_back(c.name);
  for (const LayerEntry* l : layer_list()) known.push_back(l->name);
  return known;
}

void check_recurrence_names(const std::vector<std::string>& names) {
  for (const std::string& name : names) check_name("cell", name_before_options(name), recurrence_names(), "ebb cells");
}

std::string missing_recurrence(const std::string& name_and_options) {
  return missing_name("cell", name_before_options(name_and_options), recurrence_names());
}

}  // namespace ebb::app
