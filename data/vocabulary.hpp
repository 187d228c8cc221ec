#pragma once
#include <cstdint>
#include <ebb/ops/array.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ebb {

/// How a text is split: into UTF-8 code points, bytes, or words separated by ASCII white space.
enum class Symbols : std::uint8_t { characters, bytes, words };

struct VocabularyOptions {
  int min_count = 1;  ///< symbols that occur less often are dropped
  int most = 0;       ///< maximum number of symbols of the text, most frequent first; 0: all
  bool pad = true, unknown = true, bos = false, eos = false;  ///< whether to include <pad>, <unk>, <bos>, <eos>
};

/// The symbols of a text and their ids: first those of <pad>, <unk>, <bos>, <eos> that are included, in this order,
/// then the text's by decreasing count, ties in byte order, so that ids depend on the text only. A word of the text
/// that is spelt like one of the four is treated as that symbol, included or not. Copies share their data.
///
/// Errors    ValueError, or FileError with the path, for characters that are not valid UTF-8 (naming the byte) or a
///           file of characters or words in UTF-16 or UTF-32
class Vocabulary final {
 public:
  static Vocabulary from_text(Symbols, std::string_view text, const VocabularyOptions& = {});
  /// Reads the file, plain or gzipped, piece by piece: memory is proportional to the number of distinct symbols. A
  /// leading byte order mark (U+FEFF) is skipped, unless symbols are bytes.
  static Vocabulary from_file(Symbols, const std::string& path, const VocabularyOptions& = {});
  /// Errors    FileError naming the line if the file was not written by `save` or has a symbol twice
  static Vocabulary load(const std::string& path);
  /// Writes text: a first line such as "ebb vocabulary of words", then one symbol per line in order, escaped as in C:
  /// \n, \t, \\, \x7f.
  /// Errors    FileError if it cannot be written; an existing file is then left unchanged
  void save(const std::string& path) const;

  int size() const;
  Symbols symbols() const;
  const std::string& operator[](int id) const;  ///< Errors: ValueError if there is no such id
  int find(std::string_view symbol) const;      ///< its id, or -1
  int pad() const;                              ///< -1 if there is none, like the next three
  int unknown() const;
  int bos() const;
  int eos() const;

  /// Adds <bos> and <eos> if the vocabulary has them.
  /// Errors    ValueError naming a symbol that is not in the vocabulary, unless there is an <unk>
  Tokens encode(std::string_view text) const;
  /// Tokens must have rank 1. Words are joined by spaces; <pad>, <bos> and <eos> are omitted.
  std::string decode(const Tokens&) const;

 private:
  struct Data;
  explicit Vocabulary(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
  std::shared_ptr<const Data> data_;
};

}  // namespace ebb
