#pragma once
#include <ebb/nn/decoding/metrics.hpp>
#include <ebb/ops/array.hpp>
#include <string>
#include <vector>

/// Pictures for Report::picture, as self-contained SVG.
namespace ebb::app {

/// The text escaped for HTML and SVG.
std::string escaped(const std::string& text);

/// A square for each pair of classes, darker for a larger fraction of its row.
std::string confusion_svg(const std::vector<std::string>& names, const ConfusionMatrix&);

/// A grey image [rows, columns], from 0 (white) to 1, as a data URL for an <image> in SVG.
std::string image_address(const Array& pixels);

struct LabelledImage {
  Array pixels;        ///< [rows, columns], from 0 to 1
  std::string below;   ///< text below the image
  bool wrong = false;  ///< whether the text is highlighted as an error
};
/// Grey images with their labels, `across` in a line.
std::string images_svg(const std::vector<LabelledImage>&, int across);

}  // namespace ebb::app
