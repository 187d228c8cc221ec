#pragma once
#include <string_view>

namespace ebb::detail {

/// "UTF-16" or "UTF-32" if a text begins with the byte order mark of that encoding or, as far as can be told, with
/// characters in it; null otherwise, as for UTF-8 and encodings of one byte. Internal.
const char* other_encoding(std::string_view begin);

}  // namespace ebb::detail
