#pragma once
#include <ebb/data/vocabulary.hpp>

namespace ebb {

struct StreamOptions {
  int steps = 100, rows = 32;  ///< T and B
  bool line_ends = false;      ///< of words: a line's end is <eos>, which the vocabulary then has to have
};

/// What a language model is trained on at one update.
struct TokenWindow {
  Tokens tokens;           ///< [T, B]
  Tokens next;             ///< [T, B], the same one symbol later
  bool continues = false;  ///< each row goes on where it ended in the window before; false at an epoch's begin
};

/// Where each row stands, as a plain value.
struct StreamPosition {
  std::vector<std::uint64_t> bytes;  ///< [B], of what the file unzips to
  bool begun = false;                ///< a window of this epoch has been given
};

/// A text of any length, plain or gzipped, as windows: the file is cut into B shares of as many bytes, and each row
/// reads its own share from begin to end, T symbols a window. The epoch ends when a row has no whole window left, so
/// that of other rows' ends a little may stay unread.
///
/// Errors    FileError: unreadable, not UTF-8 (with the byte; UTF-16 by its name), too short for a window, or a symbol
///           that the vocabulary does not have, if it has no <unk>; ValueError for sizes or a position that cannot be
/// Cost      memory of B buffers of 64 kB, whatever the file's length; each row has the file open. In a gzipped file a
///           row's share is reached by unzipping what is before it, at construction and whenever a position is restored
class TokenStream final {
 public:
  TokenStream(const std::string& path, Vocabulary, const StreamOptions& = {});
  TokenStream(TokenStream&&) noexcept;
  TokenStream& operator=(TokenStream&&) noexcept;
  ~TokenStream();

  bool next(TokenWindow&);  ///< false at the epoch's end: then `rewind`
  void rewind();
  StreamPosition position() const;      ///< after the last window
  void restore(const StreamPosition&);  ///< goes on there

 private:
  struct Data;
  std::unique_ptr<Data> data_;
};

}  // namespace ebb
