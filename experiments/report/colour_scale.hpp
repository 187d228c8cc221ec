#pragma once
#include <span>

namespace ebb::app {

/// Colours of a heat map from the least value to the greatest, evenly spaced; between two of them RGB is interpolated.
/// Lightness rises steadily, so that the order survives colour blindness and printing in grey.
///
/// Source    viridis, van der Walt & Smith 2015 (matplotlib)
std::span<const char* const> sequential_scale();
/// The same for values on both sides of zero, whose colour is in the middle: blue below, red above.
///
/// Source    RdBu, colorbrewer2.org, which lists it as safe for the colour-blind
std::span<const char* const> diverging_scale();

}  // namespace ebb::app
