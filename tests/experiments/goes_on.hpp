#pragma once
#include <ebb/experiments/train/task.hpp>
#include <string>
#include <vector>

namespace ebb::app {

/// Trains once, a checkpoint after every update; then goes on from some of them in models that began elsewhere, and
/// checks that weights and curve are the same to the bit.
void goes_on(const std::string& task, const std::string& cell, const TaskSettings&, const std::vector<int>& from,
             const Task::Inputs& = {});

}  // namespace ebb::app
