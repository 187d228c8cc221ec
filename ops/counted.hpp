#pragma once
#include <string>
#include <string_view>

namespace ebb::detail {

/// "1 step", "2 steps": a count with its noun, for messages. For nouns whose plural ends in s. Internal.
template <class N> std::string counted(N n, std::string_view noun) {
  return std::to_string(n) + ' ' + std::string(noun) + (n == 1 ? "" : "s");
}

}  // namespace ebb::detail
