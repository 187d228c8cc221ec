#pragma once
#include <ebb/experiments/tasks/speech/strings.hpp>
#include <ebb/experiments/train/generate.hpp>
#include <ebb/experiments/train/model.hpp>

namespace ebb::app {

/// Rows of features side by side, with the digits that were said in each, which may be none.
///
/// Shapes    features [T', 120] each; x [T, B, 120], lengths [B]; labels [B, L], 1 + digit, next_lengths [B]
Batch speech_batch(const std::vector<Array>& features, const std::vector<std::vector<int>>& digits);

/// The digits in the wav file that the prompt names, or in string number `seed` of the test split if it names none; by
/// a beam of prefixes if one is asked for, else the most probable path. The page has a picture of it.
///
/// Errors    as read_speech's; FileError if the file is longer than a minute
Generated recognise(const Model&, const SpokenStrings&, const GenerateRequest&);

}  // namespace ebb::app
