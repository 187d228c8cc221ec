#pragma once
#include <ebb/autograd/shards.hpp>
#include <ebb/experiments/task.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/params.hpp>

namespace ebb {

/// The recurrence that the user asked for: --cell, --hidden, --layers, --dropout, --zoneout. A task's network asks it for as many as
/// it needs.
struct Recurrence {
  std::string cell;
  TaskSettings settings;

  /// Layers and wrappers as the settings say; layer k stands in the scope "k" if there are several.
  /// Errors    ValueError for an unknown cell or option, or a size below 1
  CellPtr make(const Builder&, int input) const;
  /// One cell of another width, nothing around it.
  CellPtr plain(const Builder& p, int input, int hidden) const { return make_cell(cell, p, {input, hidden}); }
};

/// A network that a task brings along where embedding, cell and linear layer do not do: a struct of layers, made from the task's
/// data and a Recurrence in Task::network.
class Network {
 public:
  virtual ~Network();
  /// Mean loss over the rows, or over the steps that have a target. Without training it puts out by `s.out` what the task's Meter
  /// reads; with batches that continue it puts out the last state as "carry".
  virtual Part loss(Shard& s, const Batch& b, const StateArrays& carried) const = 0;
};

}  // namespace ebb
