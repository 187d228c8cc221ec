#pragma once
#include <charconv>
#include <cmath>
#include <string_view>

namespace ebb::detail {

/// The whole of a text as a finite number, in any locale; false if it is not one.
inline bool parse_number(std::string_view text, double& x) {
  if (!text.empty() && text.front() == '+' && text.substr(1, 1) != "-") text.remove_prefix(1);   // which from_chars does not take
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), x);
  return error == std::errc() && stop == text.data() + text.size() && std::isfinite(x);
}

}  // namespace ebb::detail
