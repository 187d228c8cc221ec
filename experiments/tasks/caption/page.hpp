#pragma once
#include <ebb/experiments/tasks/caption/network.hpp>
#include <ebb/experiments/tasks/caption/scenes.hpp>
#include <ebb/experiments/train/generate.hpp>

namespace ebb::app {

/// What the network says of a test scene, word by word or by a search of that width (0: none), beside what it should
/// have said; and a page that shows the scene, and where the network looked before each word.
Generated caption_page(const CaptionNetwork&, const Scenes&, int number, int beam);

}  // namespace ebb::app
