#pragma once
#include <ebb/autograd/shards.hpp>
#include <ebb/experiments/train/network.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/layers/embedding.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/params.hpp>
#include <optional>

namespace ebb::app {

/// The network that every command trains: the task's own if it has one, in the scope "net"; else one cell between the
/// task's inputs and a linear layer, or a layer over whole sequences in the cell's place.
///
///     y[t] = cell(embedding(tokens[t]) or x[t]) W + b
///
/// Init      a parameter's start depends on the seed and its name, so cells that share a name share a start
/// Errors    ValueError for an unknown cell or option, or a hidden size below 1
class Model {
 public:
  Model(const Task&, const std::string& cell, int hidden, std::uint64_t seed);
  /// With the layers and wrappers of the settings. Parameters of layer k stand in the scope "cell/k" if there are
  /// several.
  /// Errors    also ValueError if it has more numbers than `most`, 0: any; they are then not drawn
  Model(const Task&, const std::string& cell, const TaskSettings&, std::uint64_t seed, std::int64_t most = 0);
  /// For a task of which only this is known, and no data are at hand.
  Model(const TaskInfo&, const std::string& cell, const TaskSettings&, std::uint64_t seed, std::int64_t most = 0);

  /// Mean loss over the rows (and steps, if each has a target). Puts out the last state as "carry".
  PartialLoss loss(Shard&, const Batch&, const StateArrays& carried = {}) const;
  /// The loss of the last step alone, summed over rows, so that each row's gradient is its own. The gradient of every
  /// field of the state at every step is kept under the field's name. Errors: ValueError if the network is the task's
  /// own
  PartialLoss last_loss(Shard&, const Batch&) const;

  /// One step of a model of tokens, not for training: takes each row's token [B], moves the state on (an empty one is
  /// the start), and gives the logits [B, V] of the next. Of a layer over whole sequences the state is what it has
  /// read: the last T tokens, T of training, which it reads again.
  /// Errors    ValueError if the model's inputs are no tokens
  Var next(const Tokens& tokens, State& state) const;

  Params w;
  const TaskInfo task;
  /// Errors    ValueError if the network is the task's own, or its layer has no step
  const Cell& cell() const;
  bool of_the_task() const { return own_ != nullptr; }
  /// The task's own network. Errors: ValueError if it has none
  const Network& network() const;

 private:
  Model(const TaskInfo&, std::uint64_t seed, std::int64_t most);
  void build(const Recurrence&);
  Sequence inputs(Shard&, const Batch&) const;
  std::unique_ptr<const Network> own_;
  std::optional<Embedding> embedding_;
  LayerPtr layer_;
  int window_ = 1;  // steps that a layer without a state reads again for the next token
  std::optional<Linear> out_;
};

/// Errors    ValueError "unknown cell 'lstn'; did you mean 'lstm'?" unless every name (options cut off) is a cell's,
///           which goes step by step; check_recurrence_names takes layers over whole sequences too
void check_cell_names(const std::vector<std::string>& names);

}  // namespace ebb::app
