#pragma once
#include <string>

namespace ebb::detail {

/// A to Z as a to z, whatever the locale; other bytes are kept. Internal.
inline std::string lower_case(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

}  // namespace ebb::detail
