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

/// The recurrence that the user chose: --cell, --hidden, --layers, --dropout, --zoneout, --checkpoint. A task's network
/// creates as many as it needs.
struct Recurrence {
  std::string cell;
  TaskSettings settings;

  /// Layers and wrappers according to the settings; layer k is in the scope "k" if there are several.
  /// Errors    ValueError for an unknown cell or option, a size below 1, or a layer that has no step (`tcn`)
  CellPtr make(const Builder&, int input) const;
  /// One cell of a different width, without wrappers.
  CellPtr plain(const Builder& p, int input, int hidden) const;

  /// For a task that reads whole sequences: the result of `make`, or the layer over all steps given by --cell. `unroll`
  /// accepts either.
  /// Errors    as make, except for layers; ValueError for zoneout without a state
  LayerPtr layer(const Builder& p, int input) const { return layers(p, input).all; }
  /// The same layer twice: `all` to read the output of every step, `last` to read that of each row's last one. With
  /// checkpoints through time, `last` does not keep the others.
  struct Readings {
    LayerPtr all, last;
  };
  Readings layers(const Builder&, int input) const;
  /// The same with a different width, for sequences of the given number of steps, without wrappers.
  LayerPtr plain_layer(const Builder&, int input, int hidden, int steps) const;
  /// One network in which each output sees the steps before and after it; null if two networks are needed, one for each
  /// direction.
  LayerPtr both_ways(const Builder&, int input) const;

 private:
  CellPtr made(const Builder&, int input) const;
};

/// Returns the size. Errors: ValueError below 1
int checked_hidden(int hidden);
/// Registered cells, and layers over whole sequences.
std::vector<std::string> recurrence_names();
/// Throws ValueError unless each name is that of a cell or of a layer over whole sequences.
void check_recurrence_names(const std::vector<std::string>& names);
/// Why this program cannot build a cell or layer, and how to get a program that can; empty if it has it.
std::string missing_recurrence(const std::string& name_and_options);

/// The network of a model: a struct of layers, constructed from a task's data and a Recurrence in HasNetwork::network.
class Network {
 public:
  virtual ~Network();
  /// Mean loss over the rows, or over the steps that have a target. In evaluation it also outputs what the task's meter
  /// reads (output.hpp).
  virtual PartialLoss loss(Shard&, const Batch&) const = 0;
  /// Why `ebb vanish` cannot follow its recurrence back through time, unless it is a RecurrentNetwork
  /// (recurrent_network.hpp).
  virtual std::string not_followed() const;
};

/// A network whose state is carried from one batch to the next if the rows continue.
class CarryingNetwork : public Network {
 public:
  PartialLoss loss(Shard& s, const Batch& b) const final { return loss_from(s, b, {}); }
  /// Starts from the final state of the previous batch, or, if that is empty, from the initial state; carries its final
  /// state to the next batch.
  virtual PartialLoss loss_from(Shard&, const Batch&, const StateArrays& carried) const = 0;
  /// The carried state; empty if the network is not a CarryingNetwork.
  static StateArrays carried(const Result&);

 protected:
  static void carry(Shard&, const State& end);
};

}  // namespace ebb::app
