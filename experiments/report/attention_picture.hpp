#pragma once
#include <ebb/ops/array.hpp>
#include <string>
#include <vector>

namespace ebb::app {

/// Attention weights as a self-contained SVG: input symbols across, output symbols down, and darker squares for larger
/// weights.
///
/// Shapes    weights [written, read], from 0 to 1
/// Errors    ShapeError if the weights do not match the words
std::string attention_svg(const std::vector<std::string>& read, const std::vector<std::string>& written,
                          const Array& weights);

}  // namespace ebb::app
