#pragma once
#include <ebb/experiments/train/network.hpp>
#include <ebb/experiments/train/simple_task.hpp>
#include <ebb/nn/layers/embedding.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <optional>

namespace ebb::app {

/// The default network: one cell between a task's inputs and a linear layer, or a layer over whole sequences in the
/// cell's place.
///
///     y[t] = cell(embedding(tokens[t]) or x[t]) W + b
///
/// Shapes    batches are SimpleBatches; y [T, B, O]
/// Init      parameters stand in the scopes "embedding", "cell" and "out"; those of layer k in "cell/k" if there are
///           several
/// Errors    ValueError for an unknown cell or option, or a hidden size below 1
class SimpleNetwork final : public CarryingNetwork {
 public:
  SimpleNetwork(Params&, const SimpleSizes&, const Recurrence&);
  PartialLoss loss_from(Shard&, const Batch&, const StateArrays& carried) const override;
  /// The loss of the last step alone, summed over rows, so that each row's gradient is its own. The gradient of every
  /// field of the state at every step is kept under the field's name.
  /// Errors    as cell()
  PartialLoss last_loss(Shard&, const Batch&) const;

  /// One step of a network of tokens, not for training: takes each row's token [B], moves the state on (an empty one is
  /// the start), and gives the logits [B, V] of the next. Of a layer over whole sequences the state is what it has
  /// read: the last T tokens, T of training, which it reads again.
  /// Errors    ValueError if its inputs are no tokens
  Var next(const Tokens& tokens, State& state) const;

  /// Errors    ValueError if its layer has no step
  const Cell& cell() const;

 private:
  Sequence inputs(Shard&, const SimpleBatch&) const;
  std::optional<Embedding> embedding_;  // of tokens
  LayerPtr layer_;
  int window_;  // steps that a layer without a state reads again for the next token
  Linear out_;
};

/// The op that the loss of a SimpleNetwork comes out of, for messages.
const char* loss_name(const SimpleBatch&);

}  // namespace ebb::app
