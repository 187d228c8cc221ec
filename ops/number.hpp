#pragma once
#include <cstdint>
#include <ebb/ops/dtype.hpp>
#include <string_view>

/// The one way in which Ebb reads a number that somebody wrote. For Ebb's own sources.
namespace ebb::detail {

enum class Parsed : std::uint8_t {
  none,  ///< the text is not a number
  finite,
  special,   ///< nan, inf or infinity was written, with a sign or without, in upper or lower case
  too_large  ///< beyond what a float64 holds
};

/// The whole of a text as a number, in any locale. What is nearer to zero than the least float64 is zero, with its
/// sign, and what is too large is infinite.
Parsed parse_number(std::string_view text, double& x);

/// Whether a finite number stays finite in an array of this element type.
bool fits(double x, DType);

}  // namespace ebb::detail
