#pragma once
#include <ebb/experiments/train/model.hpp>

namespace ebb::app {

/// Finds faults of a task and its network at these sizes before any long work: makes the first batch of each split, and
/// runs the network twice on the first two rows of that of the training split, without gradients.
///
/// Errors    errors of Task::check_sizes, the batches and the network; ShapeError or ValueError if the batches of a
///           SimpleTask differ from its sizes(); Error if the same request gives different batches
void try_out(const Model&, const Task&, const TaskSettings&);

}  // namespace ebb::app
