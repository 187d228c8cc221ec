#pragma once
#include <ebb/autograd/recomputed.hpp>
#include <ebb/autograd/scratch.hpp>
#include <ebb/autograd/watched_values.hpp>
#include <ebb/nn/sequence/run_steps.hpp>

namespace ebb::detail {

/// The steps of a run before `plan.recorded_from()`, of which only some states are kept.
class CheckpointedSteps final : public Recomputed {
 public:
  /// Runs the steps, without recording them.
  CheckpointedSteps(std::unique_ptr<const RunSteps>, CheckpointPlan, const Var& x, const State& initial, Reads,
                    const WatchRun&);

  /// A value that a step returned: each becomes a result, in this order.
  struct Returned {
    int k, field;        ///< of the state; -1: an output that is no field
    bool output, state;  ///< a field may be the output too
    Array value;         ///< until it is a result
  };
  PoolVector<Returned>& returned() { return returned_; }

 private:
  struct Kept {
    int k;  // the step that begins with it
    PoolVector<Array> fields;
  };
  /// Steps that are recorded at once.
  struct Block {
    int begin = 0, end = 0;
    State before;
    PoolVector<RunSteps::Made> made;
    PoolVector<std::uint32_t> tops;  // last node before each step
  };
  /// How far a sweep has come.
  struct Left {
    int end;  // steps left
    PoolVector<Kept> kept;
    PoolVector<Array> expected;  // the state at the end,
    PoolVector<Array> adjoint;   // and its adjoint
  };
  void note(int k, const RunSteps::Made&, Reads);
  void again(TapeImpl&, const PoolVector<Var>& inputs) override;
  void sweep_block(TapeImpl&, const Var& x, const State& initial, Left&) const;
  State advance(int& k, const Var& x, const State& initial, Left&) const;
  void record(TapeImpl&, Block&, const Var& x, const State& initial) const;
  void check_same(const Block&, const PoolVector<Array>& expected) const;
  void seed(TapeImpl&, const Block&, const PoolVector<Array>& adjoint) const;
  void sweep(Scratch&, TapeImpl&, const Block&) const;
  void give_those(TapeImpl&, const Block&, int k, Wanted) const;
  int first_of(int k) const;  ///< the first value that step k returned, or a later one
  const Var& var_of(const Block&, int returned) const;

  const std::unique_ptr<const RunSteps> steps_;
  const CheckpointPlan plan_;
  PoolVector<Returned> returned_;
  PoolVector<Kept> kept_;
  PoolVector<Array> end_;  // the state after the last step
};

}  // namespace ebb::detail
