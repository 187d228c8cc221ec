#pragma once
#include <ebb/experiments/sweep/ranking.hpp>

namespace ebb::app::sweep {

/// trials.csv: a line for each trial with the values of its options, its seed, and what it reached. Measured times are
/// in the last column; all others are the same when the sweep repeats.
std::string trials_csv(const Plan&, const std::vector<TrialResult>&);
/// trials.json: the same with the validations of each trial.
std::string trials_json(const Plan&, const std::vector<TrialResult>&);

/// best.toml: the options of a configuration, for `ebb train --config`, with the seeds of the sweep. `config` is the
/// config.toml of one of its trials; `about` becomes a comment.
std::string best_toml(const Plan&, const std::string& config, const std::string& about);

}  // namespace ebb::app::sweep
