#pragma once
#include <ebb/nn/decoding/metrics.hpp>
#include <ebb/ops/array.hpp>
#include <string>
#include <vector>

/// Pictures for Report::picture, as SVG that needs no other file.
namespace ebb::app {

/// Words as HTML and SVG take them.
std::string escaped(const std::string& text);

/// A square for each pair of classes, the darker the larger its share of the row.
std::string confusion_svg(const std::vector<std::string>& names, const ConfusionMatrix&);

/// A grey image [rows, columns], from 0 (white) to 1, as an address that an SVG's <image> takes.
std::string image_address(const Array& pixels);

struct LabelledImage {
  Array pixels;        ///< [rows, columns], from 0 to 1
  std::string below;   ///< words under it
  bool wrong = false;  ///< they are marked
};
/// Grey images side by side, `across` in a line. Image and words are the only things it draws.
std::string images_svg(const std::vector<LabelledImage>&, int across);

}  // namespace ebb::app
