#include <fmt/format.h>
#include <algorithm>
#include <ebb/nn/option_name.hpp>
#include <ebb/ops/error.hpp>

namespace ebb::detail {

bool is_option_name(const std::string& name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !name.empty() && letter(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || c == '-' || c == '_'; });
}

void check_option_name(const std::string& who, const std::string& name) {
  if (!is_option_name(name))
    throw ValueError(fmt::format(
        "{} declares the option '{}': a name consists of lower-case letters, digits, dashes and underscores", who,
        name));
}

}  // namespace ebb::detail
