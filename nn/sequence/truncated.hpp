#pragma once
#include <ebb/autograd/shards.hpp>
#include <ebb/nn/sequence/unroll.hpp>

namespace ebb {

class Archive;

struct TruncatedOptions {
  int k1 = 1;  ///< steps from one update to the next
  int k2 = 1;  ///< steps of backpropagation per update, at least k1
};

/// Truncated backpropagation through time over an unbounded stream: every k1 steps there is an update from the losses
/// of those steps, with gradients through the last k2 steps.
///
///     Truncated bptt{{.k1 = 5, .k2 = 20}};
///     for (std::uint64_t u = 0; ...; ++u) {
///       bptt.push(next_inputs);                   // [k1, B, ...], Array or Tokens
///       Result r = backward(w, {.rows = B, .update = u}, [&](Shard& s) {
///         const Run run = bptt.unroll(*cell, s.sequence(bptt.inputs()), s);
///         return s.mean_tokens(squared_error(out(bptt.fresh(run)), s.sequence(next_targets).all()));
///       });
///       bptt.advance(r);
///       adam.step(r.grads);
///     }
///
/// With k1 = k2 the windows are contiguous. The state that enters a window comes from the previous window as an array,
/// so the graph does not extend further back. The k2 - k1 older steps are rerun with the current weights.
///
/// Errors    ValueError unless 1 <= k1 <= k2, or for calls in the wrong order; ShapeError if inputs change shape
/// Cost      k2 / k1 steps run per step of the stream; memory for k2 steps, independent of the stream's length
/// Source    Williams & Peng 1990, BPTT(h; h'), doi:10.1162/neco.1990.2.4.490
/// Differs   activations of the older steps are recomputed, with newly drawn random masks
class Truncated final {
 public:
  explicit Truncated(TruncatedOptions o);

  void push(const Array& next);  ///< the stream's next steps [n, B, ...], n <= k1; fewer at its end
  void push(const Tokens& next);
  const Array& inputs() const { return x_; }  ///< of the window, [steps(), B, ...]
  const Tokens& tokens() const { return tokens_; }
  int steps() const { return steps_; }  ///< of the window: k2 once that many were pushed
  /// Runs the cell over the window's inputs (this shard's rows, embedded if necessary) from the carried state.
  Run unroll(const Cell&, const Sequence& x, Shard&,
             std::source_location where = std::source_location::current()) const;
  /// Outputs of the steps pushed last, [n, rows, H].
  Var fresh(const Run&, std::source_location where = std::source_location::current()) const;
  void advance(const Result&);  ///< takes the state from the result; then the next steps may be pushed
  void restart();               ///< begins another stream
  void visit(Archive&);         ///< for `save` and `load`, between advance and push

 private:
  void check_push(const Shape& next, const Shape& before);
  void pushed(int n);
  int leaving() const;  ///< steps at the window's front that the next window drops
  TruncatedOptions o_;
  Array x_;
  Tokens tokens_;
  int steps_ = 0, fresh_ = 0;  // fresh_ > 0 between push and advance
  StateArrays carry_;          // before the window's first step; empty: the initial state
};

}  // namespace ebb
