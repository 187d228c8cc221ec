#pragma once
#include <string>
#include <string_view>

namespace ebb::detail {

/// The text with control characters escaped as in C, for messages that quote a file or an argument: a NUL would end the
/// message, and others could change the terminal. Internal.
inline std::string printable(std::string_view text) {
  constexpr const char* digits = "0123456789abcdef";
  std::string all;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') all += "\\n";
    else if (c == '\r') all += "\\r";
    else if (c == '\t') all += "\\t";
    else if (byte < 0x20 || byte == 0x7f) all += {'\\', 'x', digits[byte / 16], digits[byte % 16]};
    else all += c;
  }
  return all;
}

}  // namespace ebb::detail
