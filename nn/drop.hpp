#pragma once
#include <ebb/autograd/step_context.hpp>

/// Dropout inside a cell, which only its own equations can place. A cell that offers it has one further overload of
/// step, beside the plain equation. It runs in training, if a wrapper asks for dropout, and the type of its last
/// argument says what it drops:
///
///     State step(const Var& x, const State& s, const StateDrop& d) const       // DropoutCell
///     State step(const Var& x, const State& s, const CandidateDrop& d) const   // RecurrentDropout
///     State step(const Var& x, const State& s, const Drop& d) const            // both
namespace ebb {

/// Masks of the state (dropout.hpp).
class StateDrop {
 public:
  explicit StateDrop(const StepContext& at) : at_(&at) {}
  /// h as the recurrent products see it, `matmul(d.state(s.h), U)`; what is handed on to the next step is s.h, with
  /// nothing dropped. h itself if the state is not dropped.
  Var state(const Var& h) const;
  const StepContext& context() const { return *at_; }

 private:
  const StepContext* at_;
};

/// Masks of the candidate (recurrent_dropout.hpp).
class CandidateDrop {
 public:
  explicit CandidateDrop(const StepContext& at) : at_(&at) {}
  /// Factors for the candidate, of like's shape: `tanh(g) * d.candidate(g)`. One factor, 1, if the candidate is not
  /// dropped.
  Var candidate(const Var& like) const;
  const StepContext& context() const { return *at_; }

 private:
  const StepContext* at_;
};

class Drop : public StateDrop, public CandidateDrop {
 public:
  explicit Drop(const StepContext& at) : StateDrop(at), CandidateDrop(at) {}
  using StateDrop::context;
};

/// What the step of a cell can drop.
struct Drops {
  bool state = false, candidate = false;
};

}  // namespace ebb
