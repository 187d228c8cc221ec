#pragma once
#include <ebb/experiments/runs/trial.hpp>
#include <string>

namespace ebb::app::runs {

/// A run as Weights & Biases writes it offline: a log in the format of LevelDB, whose records are messages of protobuf.
/// `wandb sync` uploads it.
///
/// Source    wandb/sdk/internal/datastore.py and wandb/proto/wandb_internal.proto of the package wandb;
///           leveldb/doc/log_format.md
std::string wandb_file(const Trial&, const std::string& project);

/// The identifier of a run there: letters and digits.
std::string wandb_id(const Trial&);

}  // namespace ebb::app::runs
