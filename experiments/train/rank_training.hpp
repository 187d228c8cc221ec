#pragma once
#include <ebb/experiments/train/train.hpp>

namespace ebb::app {

/// Before any work: whether these ranks can share the training of a model. Without ranks, nothing is checked.
///
/// Errors    ValueError, with the cure, if a batch has fewer shards than there are ranks, or if version, kernels, data
///           or initial weights differ between ranks
void check_ranks(Ranks*, const Model&, const Task&, const TaskSettings&);

/// The keeper of a run that ranks share: rank 0 alone saves and observes, and all verify that they have the same
/// weights when the run begins or is resumed, and at each checkpoint. Without ranks, the keeper as it is.
///
/// Errors    ValueError, from the keeper, on all ranks, if their weights differ
TrainKeeper among_ranks(TrainKeeper, const Model&);

}  // namespace ebb::app
