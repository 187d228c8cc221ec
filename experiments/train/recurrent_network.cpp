#include <ebb/experiments/train/recurrent_network.hpp>
#include <ebb/ops/error.hpp>

namespace ebb::app {

RecurrentNetwork::~RecurrentNetwork() = default;

const Cell& cell_of(const RecurrentNetwork& network) {
  if (const Cell* const cell = network.recurrence()) return *cell;
  throw ValueError("the model's layer runs over whole sequences: it has no cell and no state");
}

Array last_steps(const Array& y, const Lengths& lengths) {
  Array last = Array::empty(y.shape().without(0), y.dtype());
  for (int row = 0; row < lengths.dim(0); ++row) last[row].assign(y[lengths.data()[row] - 1][row]);
  return last;
}

Tokens last_steps(const Tokens& y, const Lengths& lengths) {
  Tokens last({lengths.dim(0)});
  for (int row = 0; row < lengths.dim(0); ++row)
    last.data()[row] = y.data()[(lengths.data()[row] - 1) * lengths.dim(0) + row];
  return last;
}

}  // namespace ebb::app
