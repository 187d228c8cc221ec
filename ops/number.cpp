#include <charconv>
#include <cmath>
#include <ebb/ops/number.hpp>

namespace ebb::detail {

namespace {

/// Whether a decimal number outside float64's range is too large rather than too small: decided by the power of ten of
/// its first nonzero digit.
bool is_large(std::string_view text) {
  const std::size_t e = std::min(text.find_first_of("eE"), text.size());
  const std::string_view digits = text.substr(0, e);
  const std::size_t point = std::min(digits.find('.'), digits.size());
  const std::size_t first = digits.find_first_of("123456789");
  std::string_view power = text.substr(std::min(e + 1, text.size()));
  if (power.starts_with('+')) power.remove_prefix(1);
  std::int64_t exponent = 0;
  if (std::from_chars(power.data(), power.data() + power.size(), exponent).ec == std::errc::result_out_of_range)
    return !power.starts_with('-');
  const auto place = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first);
  return exponent > -place;  // the exponent's digits may exceed any integer type
}

}  // namespace

Parsed parse_number(std::string_view text, double& x) {
  if (text.starts_with('+') && text.substr(1, 1) != "-") text.remove_prefix(1);  // from_chars rejects a plus sign
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, x);
  if (error == std::errc::invalid_argument || stop != end) return Parsed::none;
  if (error == std::errc()) return std::isfinite(x) ? Parsed::finite : Parsed::special;
  const bool negative = text.starts_with('-'), large = is_large(text);
  x = std::copysign(large ? HUGE_VAL : 0., negative ? -1. : 1.);
  return large ? Parsed::too_large : Parsed::finite;
}

bool fits(double x, DType t) { return t == f64 || std::isfinite(static_cast<float>(x)); }

}  // namespace ebb::detail
