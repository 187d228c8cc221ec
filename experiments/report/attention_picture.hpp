#pragma once
#include <ebb/ops/array.hpp>
#include <string>
#include <vector>

namespace ebb::app {

/// Where a model looked, as SVG that needs no other file: what was read stands across, what was written stands down,
/// and a square is the darker the larger its weight.
///
/// Shapes    weights [written, read], from 0 to 1
/// Errors    ShapeError if the weights do not fit the words
std::string attention_svg(const std::vector<std::string>& read, const std::vector<std::string>& written,
                          const Array& weights);

}  // namespace ebb::app
