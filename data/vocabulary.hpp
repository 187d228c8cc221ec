#pragma once
#include <cstdint>
#include <ebb/ops/array.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ebb {

/// What a text is cut into: code points of UTF-8, bytes, or what stands between white space (ASCII's).
enum class Symbols : std::uint8_t { characters, bytes, words };

struct VocabularyOptions {
  int min_count = 1;  ///< symbols that occur less often are left out
  int most = 0;       ///< no more symbols of the text than this, the most frequent ones; 0: all
  bool pad = true, unknown = true, bos = false, eos = false;  ///< whether there is a <pad>, <unk>, <bos>, <eos>
};

/// The symbols of a text, numbered: first <pad>, <unk>, <bos>, <eos> (those that are wanted, in this order), then the
/// text's by falling count, equal counts by their bytes, so that the same text gives the same numbers everywhere. A
/// word of a text that is spelt like one of the four is that one, wanted or not. Copies share what they hold.
///
/// Errors    ValueError, or FileError with the path, for a text of characters that is not UTF-8, naming the byte, or a
///           file of characters or words in UTF-16
class Vocabulary final {
 public:
  static Vocabulary from_text(Symbols, std::string_view text, const VocabularyOptions& = {});
  /// Reads the file, plain or gzipped, a piece at a time: the memory is that of the different symbols. A mark of
  /// UTF-8 (U+FEFF) at its begin is no symbol, unless symbols are bytes.
  static Vocabulary from_file(Symbols, const std::string& path, const VocabularyOptions& = {});
  /// Errors    FileError naming the line: not what `save` writes, a symbol twice
  static Vocabulary load(const std::string& path);
  /// As text: a first line "ebb vocabulary of words", then a symbol a line in order; \n, \t, \\ and \x7f as in C.
  /// Errors    FileError if it cannot be written; a file that was there before is then untouched
  void save(const std::string& path) const;

  int size() const;
  Symbols symbols() const;
  const std::string& operator[](int id) const;  ///< Errors: ValueError if there is no such number
  int find(std::string_view symbol) const;      ///< its number, or -1
  int pad() const;                              ///< -1 if there is none, as the next three
  int unknown() const;
  int bos() const;
  int eos() const;

  /// <bos> and <eos> included if there are any.
  /// Errors    ValueError naming a symbol that is not here, unless there is an <unk>
  Tokens encode(std::string_view text) const;
  /// Of rank 1. Words are joined by spaces; <pad>, <bos> and <eos> leave no trace.
  std::string decode(const Tokens&) const;

 private:
  struct Data;
  explicit Vocabulary(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
  std::shared_ptr<const Data> data_;
};

}  // namespace ebb
