#pragma once
#include <ebb/autograd/shards.hpp>
#include <ebb/experiments/train/simple_network.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/params.hpp>

namespace ebb::app {

class RecurrentNetwork;

/// The network that every command trains, with its weights: the task's own network, in the scope "net", or the default
/// one.
///
/// Init      initial values depend on the seed and the parameter's name, so parameters of equal names have equal values
/// Errors    ValueError for an unknown cell or option, or a hidden size below 1
class Model {
 public:
  Model(const Task&, const std::string& cell, int hidden, std::uint64_t seed);
  /// With the layers and wrappers of the settings. Values in float32 are those in float64, rounded.
  /// Errors    also ValueError if it has more values than `most`, 0: any; they are then not drawn
  Model(const Task&, const std::string& cell, const TaskSettings&, std::uint64_t seed, std::int64_t most = 0,
        DType dtype = f32);
  /// For a task of which only this is known, without its data.
  Model(const SimpleSizes&, const std::string& cell, const TaskSettings&, std::uint64_t seed, std::int64_t most = 0);

  /// Mean loss over the rows, or over the steps that have a target. `carried` is the final state of the previous batch,
  /// for a network that carries one.
  PartialLoss loss(Shard&, const Batch&, const StateArrays& carried = {}) const;

  Params w;
  Ranks* ranks = nullptr;  ///< processes that share its batches in training and testing
  const TaskInfo task;
  const Network& network() const { return *network_; }
  /// The default network. Errors: ValueError if the task has a network of its own
  const SimpleNetwork& simple() const;
  bool is_simple() const { return dynamic_cast<const SimpleNetwork*>(network_.get()) != nullptr; }
  /// The network, if its recurrence can be followed back through time.
  /// Errors    ValueError with the reason if it cannot
  const RecurrentNetwork& recurrent() const;

 private:
  std::unique_ptr<const Network> network_;
  const CarryingNetwork* carrying_;  // the same network; null if it carries no state
};

/// The name of the first weight with a value that is infinite or NaN; empty if all are finite.
std::string nonfinite_weight(const LeafSet&);

/// Errors    ValueError "unknown cell 'lstn'; did you mean 'lstm'?" unless every name (without its options) is that of
///           a cell; check_recurrence_names also accepts layers over whole sequences
void check_cell_names(const std::vector<std::string>& names);

}  // namespace ebb::app
