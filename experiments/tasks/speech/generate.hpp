#pragma once
#include <ebb/experiments/tasks/speech/strings.hpp>
#include <ebb/experiments/train/generate.hpp>
#include <ebb/experiments/train/model.hpp>

namespace ebb::app {

/// The digits in the wav file that the prompt names, or in string number `seed` of the test split if it names none; by
/// a beam of prefixes if one is asked for, else the most probable path. The page has a picture of it.
///
/// Errors    as read_speech's; FileError if the file is longer than a minute
Generated recognise(const Model&, const SpokenStrings&, const GenerateRequest&);

}  // namespace ebb::app
