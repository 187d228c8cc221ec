#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace ebb::detail {

/// How a file's bytes are interpreted.
enum class Content : std::uint8_t {
  bytes,
  text  ///< a leading byte order mark (U+FEFF) is skipped
};

/// Reads a file sequentially through a buffer of fixed size, decompressing gzip. Used by all readers; internal.
///
/// Errors    FileError naming the path if it does not exist, is not a regular file, is a truncated or corrupt gzip
///           stream, or a text in UTF-16 or UTF-32
class ByteReader final {
 public:
  static constexpr int end = -1;

  ByteReader(const std::string& path, Content);
  ByteReader(const ByteReader&) = delete;
  ByteReader& operator=(const ByteReader&) = delete;
  ~ByteReader();

  int peek() { return next_ < filled_ || fill() ? static_cast<unsigned char>(buffer_[next_]) : end; }
  int get() {
    const int c = peek();
    if (c != end) ++next_;
    return c;
  }
  /// Reads up to n bytes, as many as there are.
  std::size_t read(void* to, std::size_t n);
  /// Exactly n bytes. `what` describes them in the FileError if there are fewer. Memory grows with the bytes present.
  std::vector<unsigned char> bytes(std::uint64_t n, const char* what);
  /// The next line without its end ("\n", "\r\n" or, if neither occurs in the first 64 kB, "\r"); false after the last.
  /// Errors: also FileError for a line longer than 16 MiB.
  bool line(std::string& to);
  char line_end() const { return line_end_; }  ///< '\n' or '\r'

  std::uint64_t at() const { return begin_ + next_; }   ///< position in the file, initially `start`
  std::uint64_t start() const { return start_; }        ///< size of the byte order mark
  std::uint64_t line_number() const { return lines_; }  ///< of the last line returned by `line`, counted from 1
  void seek(std::uint64_t at);  ///< not before `start`; a gzipped file is decompressed up to there
  std::uint64_t length();       ///< of the uncompressed data; a gzipped file is decompressed once
  const std::string& path() const { return path_; }
  [[noreturn]] void reject(const std::string& why) const;       ///< "path: reason"
  [[noreturn]] void reject_line(const std::string& why) const;  ///< "path: line 7: reason"

 private:
  bool fill();
  void begin_text();
  std::string path_;
  void* file_ = nullptr;    // zlib's handle, which reads plain files too
  std::uint64_t size_ = 0;  // on the disk
  std::vector<char> buffer_;
  std::size_t next_ = 0, filled_ = 0;
  std::uint64_t begin_ = 0, lines_ = 0, start_ = 0;
  char line_end_ = '\n';
};

}  // namespace ebb::detail
