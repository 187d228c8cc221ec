#pragma once
#include <ebb/experiments/train/task.hpp>
#include <string>

namespace ebb::app {

/// The key of one batch of generated data. Splits of one task share no random numbers, nor do tasks; the valid and test
/// splits do not depend on the seed.
Key batch_key(const BatchRequest&, const std::string& task);

}  // namespace ebb::app
