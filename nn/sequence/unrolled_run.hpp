#pragma once
#include <ebb/nn/sequence/unroll.hpp>

namespace ebb {

/// A run of a cell over one shard's rows with everything that a penalty on it may read.
///
/// The initial state consists of variables, so that gradients with respect to it exist. `loss` is the rows' part of the
/// batch's loss, so its gradient with respect to a row's state is that of the batch's loss.
struct UnrolledRun {
  const Cell& cell;
  const Sequence& x;       ///< [T, rows, I]
  const State& initial;    ///< fields [rows, ...]
  const Run& run;          ///< states and outputs of all steps
  const StepContext& at;   ///< that of the run: masks and noise are drawn again with `at.at_time(t)`
  Var loss;                ///< one element
  const LeafSet& weights;  ///< of the model
};

}  // namespace ebb
