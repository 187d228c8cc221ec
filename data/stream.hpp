#pragma once
#include <ebb/data/vocabulary.hpp>

namespace ebb {

struct StreamOptions {
  int steps = 100, rows = 32;  ///< T and B
  bool line_ends = false;      ///< for words: a line end is <eos>, which the vocabulary must have
};

/// The input and target of one update of a language model.
struct TokenWindow {
  Tokens tokens;           ///< [T, B]
  Tokens next;             ///< [T, B], the targets: `tokens` one symbol later
  bool continues = false;  ///< each row continues where the previous window ended; false at the beginning of an epoch
};

/// The position of each row, as a plain value.
struct StreamPosition {
  std::vector<std::uint64_t> bytes;  ///< [B], in the uncompressed data
  bool begun = false;                ///< whether a window of this epoch has been returned
};

/// Reads a text of any length, plain or gzipped, in windows. The file is divided into B parts of equal size in bytes;
/// each row reads its own part, T symbols per window. The epoch ends when any row has no complete window left, so a few
/// symbols of other rows may not be read.
///
/// Errors    FileError for a file that is unreadable, not UTF-8 (naming the byte) or too short for a window, or a
///           symbol that is not in the vocabulary if it has no <unk>; ValueError for an invalid size or position
/// Cost      B buffers of 64 kB, independent of the file's length; each row opens the file. A gzipped file is
///           decompressed up to each row's position, at construction and whenever a position is restored
class TokenStream final {
 public:
  TokenStream(const std::string& path, Vocabulary, const StreamOptions& = {});
  TokenStream(TokenStream&&) noexcept;
  TokenStream& operator=(TokenStream&&) noexcept;
  ~TokenStream();

  bool next(TokenWindow&);  ///< false at the end of the epoch; call `rewind` to continue
  void rewind();
  StreamPosition position() const;      ///< after the last window
  void restore(const StreamPosition&);  ///< continues from there

 private:
  struct Data;
  std::unique_ptr<Data> data_;
};

}  // namespace ebb
