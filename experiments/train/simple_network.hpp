#pragma once
#include <ebb/experiments/train/network.hpp>
#include <ebb/experiments/train/recurrent_network.hpp>
#include <ebb/experiments/train/simple_task.hpp>
#include <ebb/nn/layers/embedding.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/sequence/unrolled_run.hpp>
#include <functional>
#include <optional>

namespace ebb::app {

/// A penalty on the run of the cell: these rows' part of it.
using RunPenalty = std::function<PartialLoss(Shard&, const UnrolledRun&)>;

/// The default network: one cell between a task's inputs and a linear layer, or a layer over whole sequences instead of
/// the cell.
///
///     y[t] = cell(embedding(tokens[t]) or x[t]) W + b
///
/// Shapes    batches are SimpleBatches; y [T, B, O]
/// Init      parameters are in the scopes "embedding", "cell" and "out"; those of layer k in "cell/k" if there are
///           several layers
/// Errors    ValueError for an unknown cell or option, or a hidden size below 1
class SimpleNetwork final : public CarryingNetwork, public RecurrentNetwork {
 public:
  SimpleNetwork(Params&, const SimpleSizes&, const Recurrence&);
  PartialLoss loss_from(Shard&, const Batch&, const StateArrays& carried) const override;
  /// The loss with a penalty on the run. The run is the same as that of `loss_from`.
  /// Errors    as cell()
  PartialLoss penalised_loss(Shard&, const Batch&, const StateArrays& carried, const RunPenalty&) const;

  std::string recurrence_scope() const override { return "cell"; }
  const Cell* recurrence() const override;
  Sequence recurrence_inputs(Shard& s, const Batch& b) const override { return inputs(s, b.get<SimpleBatch>()); }
  /// Where some steps have no target, each row ends at its last target.
  Lengths recurrence_lengths(const Batch&) const override;
  /// The loss of the last step only.
  PartialLoss last_loss(Shard&, const Batch&, const Var& x, const Var& y) const override;
  bool is_squared_error(const Batch&) const override;

  /// The cell's inputs over a batch, [T, B, I] in float64: its values, or its tokens embedded.
  /// Errors    as cell()
  Array cell_inputs(const SimpleBatch&) const;
  /// The same for the rows of a shard, on its tape; the batch may lack targets.
  Sequence cell_inputs(Shard& s, const SimpleBatch& b) const { return inputs(s, b); }

  std::function<Var(const Var& y, int t)> step_loss(const Batch&) const override;

  /// One step of a token model, not for training: takes each row's token [B], advances the state (an empty one is the
  /// initial state), and returns the logits [B, V] of the next token. For a layer over whole sequences, the state is
  /// the last T tokens, with T of training, which it reads again.
  /// Errors    ValueError if the model's inputs are not tokens
  Var next(const Tokens& tokens, State& state) const;

  /// Errors    ValueError if its layer has no step
  const Cell& cell() const;

 private:
  Sequence inputs(Shard&, const SimpleBatch&) const;
  template <class R> PartialLoss loss_of(Shard&, const SimpleBatch&, const R& run) const;
  PartialLoss loss_of_some(Shard&, const EveryStep&, const Var& h) const;
  void put_scores(Shard&, const Var& y) const;
  LeafSet weights_;
  std::optional<Embedding> embedding_;  // of tokens
  Recurrence::Readings layers_;
  int window_;  // steps that a layer without a state rereads for the next token
  Linear out_;
  bool scores_;  // in evaluation, for the task's meter
};

/// Whether the loss is a squared error, which spans decades, rather than a cross entropy.
bool is_squared_error(const SimpleBatch&);
/// The op that computes the loss of a SimpleNetwork, for messages.
const char* loss_name(const SimpleBatch&);

}  // namespace ebb::app
