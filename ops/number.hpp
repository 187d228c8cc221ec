#pragma once
#include <cstdint>
#include <ebb/ops/dtype.hpp>
#include <string_view>

/// How Ebb parses numbers in text. Internal.
namespace ebb::detail {

enum class Parsed : std::uint8_t {
  none,  ///< the text is not a number
  finite,
  special,   ///< nan, inf or infinity, with or without a sign, in any case
  too_large  ///< outside float64's range
};

/// Parses a complete text as a number, independently of the locale. Values below float64's range become signed zero,
/// values above it become infinite.
Parsed parse_number(std::string_view text, double& x);

/// Whether a finite value stays finite in this element type.
bool fits(double x, DType);

}  // namespace ebb::detail
