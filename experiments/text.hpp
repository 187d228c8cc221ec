#pragma once
#include <string>
#include <vector>

namespace ebb {

/// A text as numbers: characters if it is valid UTF-8, else bytes.
struct Text {
  std::string source;                    ///< "tiny Shakespeare, built in", or the file
  bool utf8 = true;
  std::vector<int> tokens;               ///< positions in `symbols`
  std::vector<char32_t> symbols;         ///< those that occur, in order: code points, or bytes

  /// Errors    ValueError if there is no text
  static Text from(std::string source, const std::string& bytes);
  /// Errors    FileError if the file cannot be read; ValueError if it is empty
  static Text read(const std::string& path);
  static Text built_in();

  int vocabulary() const { return static_cast<int>(symbols.size()); }
};

}  // namespace ebb
