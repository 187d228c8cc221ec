#pragma once
#include <ebb/autograd/shards.hpp>
#include <ebb/nn/sequence/unroll.hpp>

namespace ebb {

class Archive;

struct TruncatedOptions {
  int k1 = 1;  ///< steps from one update to the next
  int k2 = 1;  ///< steps that an update's gradient goes back through, at least k1
};

/// Backpropagation through time over a stream without end: each k1 steps an update from the losses of those steps,
/// whose gradient goes back through the last k2 steps and no further.
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
/// With k1 = k2 these are windows side by side. The state that enters a window is the one that the window before it had
/// there: an array, so that no graph reaches further back. The k2 - k1 older steps are run again, with the weights of
/// now.
///
/// Errors    ValueError if not 1 <= k1 <= k2, or calls come in another order; ShapeError if inputs are not as those
///           before
/// Cost      k2 / k1 steps run for each step of the stream; memory as of k2 steps, however long the stream is
/// Source    Williams & Peng 1990, BPTT(h; h'), doi:10.1162/neco.1990.2.4.490
/// Differs   the older steps' activations are not kept but made anew; random masks are drawn anew for them
class Truncated final {
 public:
  explicit Truncated(TruncatedOptions o);

  void push(const Array& next);  ///< the stream's next steps [n, B, ...], n <= k1; fewer at its end
  void push(const Tokens& next);
  const Array& inputs() const { return x_; }  ///< of the window, [steps(), B, ...]
  const Tokens& tokens() const { return tokens_; }
  int steps() const { return steps_; }  ///< of the window: k2 once the stream is that long
  /// Runs the cell over the window's inputs (this shard's rows, embedded if need be) from the carried state.
  Run unroll(const Cell&, const Sequence& x, Shard&) const;
  Var fresh(const Run&) const;  ///< outputs of the steps that were pushed last, [n, rows, H]
  void advance(const Result&);  ///< takes over the state; the next steps may be pushed
  void restart();               ///< another stream begins
  void visit(Archive&);         ///< for `save` and `load`, between advance and push

 private:
  void check_push(const Shape& next, const Shape& before);
  void pushed(int n);
  int leaving() const;  ///< steps at the window's front that the next window does not have
  TruncatedOptions o_;
  Array x_;
  Tokens tokens_;
  int steps_ = 0, fresh_ = 0;  // fresh_ > 0 between push and advance
  StateArrays carry_;          // before the window's first step; none: the cell's start
};

}  // namespace ebb
