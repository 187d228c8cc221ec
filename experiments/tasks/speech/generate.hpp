#pragma once
#include <ebb/experiments/tasks/speech/strings.hpp>
#include <ebb/experiments/train/generate.hpp>
#include <ebb/experiments/train/model.hpp>

namespace ebb::app {

/// The digits in the wav file given as the prompt, or, without a prompt, in string number `seed` of the test split; by
/// prefix beam search if requested, otherwise the most probable path. The page shows a picture of it.
///
/// Errors    as read_speech's; FileError if the file is longer than a minute
Generated recognise(const Model&, const SpokenStrings&, const GenerateRequest&);

}  // namespace ebb::app
