#pragma once
#include <ebb/autograd/shards.hpp>
#include <ebb/experiments/train/task.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/params.hpp>
#include <memory>

namespace ebb {
class SequenceLayer;
using LayerPtr = std::shared_ptr<const SequenceLayer>;  // nn/sequence/sequence_layer.hpp
}  // namespace ebb

namespace ebb::app {

/// The recurrence that the user asked for: --cell, --hidden, --layers, --dropout, --zoneout. A task's network asks it
/// for as many as it needs.
struct Recurrence {
  std::string cell;
  TaskSettings settings;

  /// Layers and wrappers as the settings say; layer k stands in the scope "k" if there are several.
  /// Errors    ValueError for an unknown cell or option, a size below 1, or a layer that has no step (`tcn`)
  CellPtr make(const Builder&, int input) const;
  /// One cell of another width, nothing around it.
  CellPtr plain(const Builder& p, int input, int hidden) const;

  /// For a task that reads whole sequences: what `make` gives, or the layer over all steps that --cell names. `unroll`
  /// takes either.
  /// Errors    as make, but for the layers; ValueError if there is zoneout and no state
  LayerPtr layer(const Builder&, int input) const;
  /// The same of another width, for sequences of so many steps, nothing around it.
  LayerPtr plain_layer(const Builder&, int input, int hidden, int steps) const;
  /// One network of which each output sees the steps before and after it; null where two have to read, one in each
  /// direction.
  LayerPtr both_ways(const Builder&, int input) const;
};

/// The size as it is. Errors: ValueError below 1
int checked_hidden(int hidden);
/// Throws ValueError unless each name is that of a cell or of a layer over whole sequences.
void check_recurrence_names(const std::vector<std::string>& names);

/// What a model is trained as: a struct of layers, made from a task's data and a Recurrence in HasNetwork::network.
class Network {
 public:
  virtual ~Network();
  /// Mean loss over the rows, or over the steps that have a target. In evaluation also puts out what the task's meter
  /// reads (output.hpp).
  virtual PartialLoss loss(Shard&, const Batch&) const = 0;
};

/// A network whose state passes from one batch to the next where rows continue.
class CarryingNetwork : public Network {
 public:
  PartialLoss loss(Shard& s, const Batch& b) const final { return loss_from(s, b, {}); }
  /// From the state that the batch before ended with, empty for the initial one; carries on the one that it ends with.
  virtual PartialLoss loss_from(Shard&, const Batch&, const StateArrays& carried) const = 0;
  /// What was carried on; empty if the network was no CarryingNetwork.
  static StateArrays carried(const Result&);

 protected:
  static void carry(Shard&, const State& end);
};

}  // namespace ebb::app
