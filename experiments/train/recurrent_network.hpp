#pragma once
#include <ebb/autograd/sequence.hpp>
#include <ebb/autograd/shards.hpp>
#include <ebb/experiments/train/batch.hpp>
#include <functional>

namespace ebb {
class Cell;
}  // namespace ebb

namespace ebb::app {

/// A network with a recurrence that `ebb vanish` and `ebb observe` can follow through time: it states what the
/// recurrence reads, and the loss of its last output alone. The whole gradient of that loss with respect to an earlier
/// state comes back through the recurrence.
///
///     struct PixelNetwork final : Network, RecurrentNetwork { ... };
///
/// Everything is as in evaluation, without dropout.
class RecurrentNetwork {
 public:
  virtual ~RecurrentNetwork();

  /// The scope of its parameters: "net/decoder". It names the recurrence on the page.
  virtual std::string recurrence_scope() const = 0;
  /// Null for a layer over whole sequences, which has no step.
  virtual const Cell* recurrence() const = 0;
  /// What it reads: [T, rows, I], padded; T is that of the batch.
  virtual Sequence recurrence_inputs(Shard&, const Batch&) const = 0;
  /// The steps of each row, [B]; empty if every row has all T.
  virtual Lengths recurrence_lengths(const Batch&) const { return {}; }
  /// The loss of which only the last output of each row is a variable, summed over rows, so that a row's gradient does
  /// not depend on other rows.
  ///
  /// Shapes    x [rows, I], y [rows, H]: input and output of each row's last step
  virtual PartialLoss last_loss(Shard&, const Batch&, const Var& x, const Var& y) const = 0;
  /// Whether that loss is a squared error, which spans decades.
  virtual bool is_squared_error(const Batch&) const { return false; }
  /// The loss of each step of a batch by itself, [B], from the recurrence's output y [B, H] at step t in float64 (a
  /// StepLoss of observe/gradient_norms.hpp); zero at steps without a target. Empty if the loss is not one of single
  /// steps, or if rows have lengths of their own.
  virtual std::function<Var(const Var& y, int t)> step_loss(const Batch&) const { return {}; }
};

/// Errors    ValueError if its layer has no step
const Cell& cell_of(const RecurrentNetwork&);

/// The entries of each row's last step.
///
/// Shapes    y [T, B, ...], lengths [B] -> [B, ...]
Array last_steps(const Array& y, const Lengths&);
Tokens last_steps(const Tokens& y, const Lengths&);

}  // namespace ebb::app
