#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace ebb::detail {

/// What a reader takes a file for.
enum class Content : std::uint8_t {
  bytes,
  text  ///< without the mark U+FEFF that some programs begin UTF-8 with
};

/// The bytes of a file one after another, unzipped if it is gzipped, through a buffer of fixed size. What all readers
/// of this folder read through; not part of the public face.
///
/// Errors    FileError naming the path: not there, not a file, a gzip stream that is torn or altered, a text of UTF-16
///           or UTF-32
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
  /// As many bytes as there are, up to n.
  std::size_t read(void* to, std::size_t n);
  /// Exactly n bytes, or FileError: `what` says what they are. The memory grows with what is really there.
  std::vector<unsigned char> bytes(std::uint64_t n, const char* what);
  /// The next line without its end ("\n", "\r\n" or, where none of these stands in the text's first 64 kB, "\r"); false
  /// after the last. Errors: also FileError past 16 MiB.
  bool line(std::string& to);
  char line_end() const { return line_end_; }  ///< '\n' or '\r'

  std::uint64_t at() const { return begin_ + next_; }   ///< place in the file; `start` at first
  std::uint64_t start() const { return start_; }        ///< bytes of the text's mark
  std::uint64_t line_number() const { return lines_; }  ///< of the line that `line` gave last, counted from 1
  void seek(std::uint64_t at);  ///< never before `start`; in a gzipped file by unzipping what is before
  std::uint64_t length();       ///< of what there is to read; a gzipped file is unzipped once
  const std::string& path() const { return path_; }
  [[noreturn]] void reject(const std::string& why) const;       ///< "path: why"
  [[noreturn]] void reject_line(const std::string& why) const;  ///< "path: line 7: why"

 private:
  bool fill();
  void begin_text();
  std::string path_;
  void* file_ = nullptr;    // zlib's, which reads plain files too
  std::uint64_t size_ = 0;  // on the disk
  std::vector<char> buffer_;
  std::size_t next_ = 0, filled_ = 0;
  std::uint64_t begin_ = 0, lines_ = 0, start_ = 0;
  char line_end_ = '\n';
};

}  // namespace ebb::detail
