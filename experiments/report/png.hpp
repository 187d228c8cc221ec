#pragma once
#include <cstdint>
#include <ebb/experiments/report/log_event.hpp>
#include <vector>

namespace ebb::app {

/// An image of 8 bits per channel as PNG.
///
/// Shapes    rgb [height, width, 3], from 0 to 255
Picture png_of(int width, int height, const std::vector<std::uint8_t>& rgb);

/// A matrix as a picture: blue below zero, white at zero, red above, up to the largest absolute value; small ones are
/// enlarged. Values that are not finite are grey.
///
/// Shapes    matrix [rows, columns]
Picture matrix_picture(const Array& matrix);

}  // namespace ebb::app
