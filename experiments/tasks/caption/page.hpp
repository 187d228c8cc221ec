#pragma once
#include <ebb/experiments/tasks/caption/network.hpp>
#include <ebb/experiments/tasks/caption/scenes.hpp>
#include <ebb/experiments/train/generate.hpp>

namespace ebb::app {

/// The network's caption of a test scene, greedy or by a beam search of the given width (0: none), with the reference;
/// and a page that shows the scene and the attention before each word.
Generated caption_page(const CaptionNetwork&, const Scenes&, int number, int beam);

}  // namespace ebb::app
