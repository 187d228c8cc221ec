#pragma once
#include <ebb/experiments/train/generate.hpp>
#include <ebb/experiments/train/model.hpp>
#include <ebb/experiments/train/text.hpp>
#include <functional>

namespace ebb::app {

/// Continues a text with a character model: reads the prompt (if empty, a line break), then samples one character at a
/// time from the model's distribution and outputs it immediately. Ends early on Ctrl-C.
///
/// Numerics  character t is drawn with the t-th key of the seed, regardless of the characters before it
/// Cost      one step of the cell per character, in constant memory
/// Errors    ValueError if the prompt has a character that is not in the alphabet
void continue_text(const Model&, const Alphabet&, const GenerateRequest&,
                   const std::function<void(const std::string&)>& put);

}  // namespace ebb::app
