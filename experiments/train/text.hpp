#pragma once
#include <string>
#include <vector>

namespace ebb::app {

/// What a token stands for: a character of UTF-8, or a byte.
struct Alphabet {
  bool utf8 = true;
  std::vector<char32_t> symbols;  ///< in order: code points, or bytes; a token is a position in it

  int vocabulary() const { return static_cast<int>(symbols.size()); }
  /// Errors    ValueError naming the first character that is not among the symbols, its place and `source`
  std::vector<int> encode(const std::string& source, const std::string& bytes) const;
  std::string decode(int token) const;
  /// The symbols as UTF-8; a byte as the code point of that number.
  std::string stored() const;
  /// Errors    ValueError if the symbols are none, not in order, or no bytes where they should be
  static Alphabet from_stored(const std::string& symbols, bool utf8);
};

/// A text as numbers: characters if it is valid UTF-8, else bytes.
struct Text : Alphabet {
  std::string source;  ///< "tiny Shakespeare, built in", or the file
  std::vector<int> tokens;

  /// In its own alphabet, those symbols that occur, or in that of a model. Errors: ValueError if there is no text; as
  /// encode
  static Text from(std::string source, const std::string& bytes, const Alphabet* known = nullptr);
  /// Plain or gzipped, without the mark U+FEFF. Errors: as read_text and from
  static Text read(const std::string& path, const Alphabet* known = nullptr);
  static Text built_in(const Alphabet* known = nullptr);
};

}  // namespace ebb::app
