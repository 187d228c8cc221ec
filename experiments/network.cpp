#include <ebb/experiments/network.hpp>
#include <ebb/nn/dropout.hpp>
#include <ebb/nn/recurrent_dropout.hpp>
#include <ebb/nn/stacked_cell.hpp>
#include <ebb/nn/zoneout.hpp>

namespace ebb {
namespace {

CellPtr wrapped(CellPtr cell, int input, const TaskSettings& s) {
  if (s.zoneout > 0) cell = CellPtr(new Zoneout(cell, s.zoneout));
  if (s.dropout <= 0) return cell;
  if (s.dropout_kind == DropoutKind::candidate) cell = CellPtr(new RecurrentDropout(cell, s.dropout));
  const bool state = s.dropout_kind <= DropoutKind::naive && has_state_products(*cell, input);
  return CellPtr(new DropoutCell(cell, {.input = s.dropout, .state = state ? s.dropout : 0,
                                        .per_sequence = s.dropout_kind == DropoutKind::variational}));
}

}  // namespace

Network::~Network() = default;

CellPtr Recurrence::make(const Builder& p, int input) const {
  const TaskSettings& s = settings;
  if (s.hidden < 1) throw ValueError("hidden size must be at least 1, not " + std::to_string(s.hidden));
  CellSizes sizes{input, s.hidden};
  if (s.layers == 1) return wrapped(make_cell(cell, p, sizes), sizes.input, s);
  std::vector<CellPtr> layers;
  for (int l = 1; l <= s.layers; ++l) {
    layers.push_back(wrapped(make_cell(cell, p / std::to_string(l).c_str(), sizes), sizes.input, s));
    sizes.input = sizes.hidden;
  }
  return CellPtr(new StackedCell(std::move(layers)));
}

}  // namespace ebb
