#pragma once
#include <ebb/experiments/train/generate.hpp>
#include <ebb/experiments/train/model.hpp>
#include <ebb/experiments/train/text.hpp>
#include <functional>

namespace ebb::app {

/// Lets a model of characters go on with a text: reads the prompt (empty: as if a line had ended), then draws character
/// by character from what the model gives for the next one, and puts each out as it comes. Ends early at Ctrl-C.
///
/// Numerics  character number t is drawn with the t-th key of the seed, whatever came before
/// Cost      one step of the cell a character, in memory that does not grow
/// Errors    ValueError if the prompt has a character that the alphabet has not
void go_on(const Model&, const Alphabet&, const GenerateRequest&, const std::function<void(const std::string&)>& put);

}  // namespace ebb::app
