#pragma once
#include <ebb/autograd/shards.hpp>
#include <ebb/experiments/train/simple_network.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/params.hpp>

namespace ebb::app {

/// Weights and the network that every command trains: the task's own, in the scope "net", or the default one.
///
/// Init      a parameter's start depends on the seed and its name, so cells that share a name share a start
/// Errors    ValueError for an unknown cell or option, or a hidden size below 1
class Model {
 public:
  Model(const Task&, const std::string& cell, int hidden, std::uint64_t seed);
  /// With the layers and wrappers of the settings.
  /// Errors    also ValueError if it has more numbers than `most`, 0: any; they are then not drawn
  Model(const Task&, const std::string& cell, const TaskSettings&, std::uint64_t seed, std::int64_t most = 0);
  /// For a task of which only this is known, and no data are at hand.
  Model(const SimpleSizes&, const std::string& cell, const TaskSettings&, std::uint64_t seed, std::int64_t most = 0);

  /// Mean loss over the rows, or over the steps that have a target. `carried` is the state that the batch before ended
  /// with, for a network that carries one.
  PartialLoss loss(Shard&, const Batch&, const StateArrays& carried = {}) const;

  Params w;
  const TaskInfo task;
  const Network& network() const { return *network_; }
  /// The default network. Errors: ValueError if the task has a network of its own
  const SimpleNetwork& simple() const;
  bool is_simple() const { return dynamic_cast<const SimpleNetwork*>(network_.get()) != nullptr; }

 private:
  std::unique_ptr<const Network> network_;
  const CarryingNetwork* carrying_;  // the same, if it carries a state
};

/// Errors    ValueError "unknown cell 'lstn'; did you mean 'lstm'?" unless every name (options cut off) is a cell's,
///           which goes step by step; check_recurrence_names takes layers over whole sequences too
void check_cell_names(const std::vector<std::string>& names);

}  // namespace ebb::app
