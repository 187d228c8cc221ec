#pragma once
#include <ebb/experiments/train/model.hpp>

namespace ebb::app {

/// Finds faults of a task, its network and the optimiser at these sizes before any long work: makes the first batch of
/// each split, runs the network twice on the first two rows of that of the training split, without gradients, and tries
/// the optimiser and the remedies.
///
/// Errors    ValueError if an initial value is not finite; errors of Task::check_sizes, the batches, the network, the
///           optimiser and the remedies; ShapeError or ValueError if the batches of a SimpleTask differ from its sizes() or from the request, or have a value that
///           is not finite; ValueError if a split has no batch;
///           Error if the same request gives different batches
void try_out(const Model&, const Task&, const TaskSettings&);

/// Rejects a cell of which single sequences cannot be measured, by steps on three rows of random values
/// (row_dependence.hpp): `longest` of them, but at most 1000, and of a wide cell fewer, down to 16, so that it takes
/// tenths of a second at most. `name` is the cell's with its options.
/// Errors    ValueError naming the cell, what is wrong and `ebb check`, if a step throws or rows depend on each other
void try_rows(const Cell&, const std::string& name, int longest);

/// The number of batches in the valid or test split. Errors: ValueError naming the task if it is below 1
int checked_batches(const Task&, Split, const TaskSettings&);

/// Makes one update of a small matrix and vector with a new optimiser, "lion:beta2=.98". Errors: those of the optimiser
void try_optimizer(const std::string& name_and_options);

}  // namespace ebb::app
