#pragma once
#include <ebb/experiments/cli/parts.hpp>
#include <ebb/experiments/train/checkpoint.hpp>

namespace ebb::app::study {

/// For a training inside a part (cli/parts.hpp): saves a checkpoint on Ctrl-C and at most every `least_seconds`, from
/// which the job that is resumed continues this part, with bit-identical results. A checkpoint of other kernels, or one
/// that cannot be read, is left aside: the part then begins anew.
///
/// `more` saves and loads what the caller collects from update to update, under names of its own. What is derived from
/// the record so far belongs in `begin` of the keeper. The origin must outlive the keeper.
TrainKeeper keep_training(const Parts&, const std::string& part, Origin&, std::function<void(Archive&)> more = {},
                          double least_seconds = 20);

}  // namespace ebb::app::study
