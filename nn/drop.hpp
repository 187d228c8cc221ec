#pragma once
#include <ebb/autograd/step_context.hpp>

/// Dropout inside a cell, which only the cell's equations can place. A cell that supports it has an additional overload
/// of step, beside the plain equations. It is called in training if a wrapper requests dropout, and the type of its
/// last argument declares what it can drop:
///
///     State step(const Var& x, const State& s, const StateDrop& d) const       // DropoutCell
///     State step(const Var& x, const State& s, const CandidateDrop& d) const   // RecurrentDropout
///     State step(const Var& x, const State& s, const Drop& d) const            // both
namespace ebb {

/// Dropout of the state (dropout.hpp).
class StateDrop {
 public:
  explicit StateDrop(const StepContext& at) : at_(&at) {}
  /// h with dropout for the recurrent product, `matmul(d.state(s.h), U)`; elsewhere the step uses s.h without dropout.
  /// h itself if the state is not dropped.
  Var state(At h) const;
  const StepContext& context() const { return *at_; }

 private:
  const StepContext* at_;
};

/// Dropout of the candidate (recurrent_dropout.hpp).
class CandidateDrop {
 public:
  explicit CandidateDrop(const StepContext& at) : at_(&at) {}
  /// The candidate's mask, with like's shape: `tanh(g) * d.candidate(g)`. The scalar 1 if the candidate is not dropped.
  Var candidate(At like) const;
  const StepContext& context() const { return *at_; }

 private:
  const StepContext* at_;
};

class Drop : public StateDrop, public CandidateDrop {
 public:
  explicit Drop(const StepContext& at) : StateDrop(at), CandidateDrop(at) {}
  using StateDrop::context;
};

/// The kinds of dropout that a cell's step supports.
struct Drops {
  bool state = false, candidate = false;
};

}  // namespace ebb
