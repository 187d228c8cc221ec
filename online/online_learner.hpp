#pragma once
#include <ebb/autograd/grads.hpp>
#include <ebb/online/influence.hpp>

namespace ebb {

struct OnlineOptions {
  std::string method = "rtrl";  ///< as make_influence
  std::uint64_t seed = 1;       ///< of the method's random draws
  DType dtype = f32;
};

/// A cell that learns while it runs: after each step the gradient of that step's loss is there, so that the weights
/// can be updated before the next one.
///
///     OnlineLearner learner(*cell, w, B, I, {.method = "rtrl"});
///     for (int t : steps(T)) {
///       learner.advance(x[t]);                                   // [B, I]
///       Tape tape;
///       const Var s = variable(learner.state());
///       Grads g = tape.backward(loss_of(out(learner.output(s)), y[t]));
///       g.add(learner.gradient(g[s]));                           // the readout's gradients, and the cell's
///       adam.step(g);
///     }
///
/// The cell must outlive it; a copy of its parameters' values is read at each step.
///
/// Errors    ValueError as StepMap and make_influence; ShapeError for inputs or gradients of another shape
class OnlineLearner {
 public:
  OnlineLearner(const Cell&, const LeafSet& parameters, int rows, int inputs, const OnlineOptions& = {});
  void restart();  ///< the initial state; nothing has had an influence
  void advance(const Array& x);
  int time() const { return time_; }             ///< steps since the start
  const Array& state() const { return state_; }  ///< [B, S]
  /// The cell's output [B, H] for a state of the current tape.
  Var output(const Var& state) const;
  /// The gradient of the loss with respect to the cell's parameters, from that with respect to the state, dL/ds [B, S].
  Grads gradient(const Array& u) const;
  const StepMap& map() const { return map_; }
  const Influence& influence() const { return *influence_; }

 private:
  const Cell& cell_;
  LeafSet set_;
  StepMap map_;
  std::unique_ptr<Influence> influence_;
  Array state_, x_;
  int rows_, time_ = 0;
};

}  // namespace ebb
