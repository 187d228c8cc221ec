#pragma once
#include <string>
#include <vector>

namespace ebb::app {

/// The meaning of tokens: a character of UTF-8, or a byte.
struct Alphabet {
  bool utf8 = true;
  std::vector<char32_t> symbols;  ///< sorted code points or bytes; a token is an index into it

  int vocabulary() const { return static_cast<int>(symbols.size()); }
  /// Errors    ValueError naming the first character that is not among the symbols, its position and `source`
  std::vector<int> encode(const std::string& source, const std::string& bytes) const;
  std::string decode(int token) const;
  /// The symbols as UTF-8; a byte as the code point of that number.
  std::string stored() const;
  /// Errors    ValueError if there are no symbols, they are not sorted, or they should be bytes and are not
  static Alphabet from_stored(const std::string& symbols, bool utf8);
};

/// A text as tokens: characters if it is valid UTF-8, else bytes.
struct Text : Alphabet {
  std::string source;  ///< "tiny Shakespeare, built in", or the file
  std::vector<int> tokens;

  /// In its own alphabet of the symbols that occur, or in that of a model. Errors: ValueError if the text is empty; as
  /// encode
  static Text from(std::string source, const std::string& bytes, const Alphabet* known = nullptr);
  /// Plain or gzipped, without the byte order mark U+FEFF. Errors: as read_text and from
  static Text read(const std::string& path, const Alphabet* known = nullptr);
  static Text built_in(const Alphabet* known = nullptr);
};

}  // namespace ebb::app
