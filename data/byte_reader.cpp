#include <zlib.h>

#include <fmt/format.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ebb/data/byte_reader.hpp>
#include <ebb/data/text_encoding.hpp>
#include <ebb/ops/counted.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/regular_file.hpp>
#include <memory>
#include <string_view>

namespace ebb::detail {

namespace {
constexpr std::size_t buffer_bytes = 1 << 16, longest_line = std::size_t{1} << 24;
gzFile handle(void* file) { return static_cast<gzFile>(file); }
}  // namespace

ByteReader::ByteReader(const std::string& path, Content content) : path_(path), buffer_(buffer_bytes) {
  size_ = regular_file_size(path);
  errno = 0;
  std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rbe"), &gzclose);
  if (!file) reject(std::string("cannot be read: ") + (errno ? std::strerror(errno) : "out of memory"));
  file_ = file.get();
  if (content == Content::text) begin_text();
  (void)file.release();
}

ByteReader::~ByteReader() { gzclose(handle(file_)); }

void ByteReader::begin_text() {
  peek();
  const std::string_view first(buffer_.data(), filled_);
  if (const char* name = other_encoding(first))
    reject(std::string("is ") + name + "; save it as UTF-8 (iconv -f " + name + " -t UTF-8)");
  if (first.starts_with("\xef\xbb\xbf")) start_ = next_ = 3;
  if (first.find('\r') != first.npos && first.find('\n') == first.npos) line_end_ = '\r';
}

bool ByteReader::fill() {
  begin_ += filled_;
  next_ = filled_ = 0;
  const int n = gzread(handle(file_), buffer_.data(), static_cast<unsigned>(buffer_.size()));
  int code = Z_OK;
  const char* why = gzerror(handle(file_), &code);
  // Only Z_BUF_ERROR distinguishes a truncated gzip stream from a complete one.
  if (n < 0 || (code != Z_OK && code != Z_STREAM_END))
    reject(code == Z_ERRNO
               ? std::string("cannot be read: ") + std::strerror(errno)
               : fmt::format("is truncated or corrupt after byte {} of its uncompressed data: {}", begin_, why));
  filled_ = static_cast<std::size_t>(n);
  return n > 0;
}

std::size_t ByteReader::read(void* to, std::size_t n) {
  std::size_t done = 0;
  while (done < n && peek() != end) {
    const std::size_t more = std::min(n - done, filled_ - next_);
    std::memcpy(static_cast<char*>(to) + done, buffer_.data() + next_, more);
    next_ += more;
    done += more;
  }
  return done;
}

std::vector<unsigned char> ByteReader::bytes(std::uint64_t n, const char* what) {
  std::vector<unsigned char> all;
  while (all.size() < n) {
    const std::size_t before = all.size();
    const std::size_t more =
        static_cast<std::size_t>(std::min<std::uint64_t>(n - before, std::max(before, buffer_bytes)));
    all.resize(before + more);
    const std::size_t got = read(all.data() + before, more);
    if (got < more)
      reject(fmt::format("is truncated: it ends at byte {}, {} before the end of {}", at(),
                         counted(n - before - got, "byte"), what));
  }
  return all;
}

bool ByteReader::line(std::string& to) {
  to.clear();
  if (peek() == end) return false;
  ++lines_;
  while (peek() != end) {
    const char* from = buffer_.data() + next_;
    const auto* stop = static_cast<const char*>(std::memchr(from, line_end_, filled_ - next_));
    const std::size_t n = stop ? static_cast<std::size_t>(stop - from) : filled_ - next_;
    if (to.size() + n > longest_line) reject_line("is longer than 16 MiB");
    to.append(from, n);
    next_ += n + (stop ? 1 : 0);
    if (stop) break;
  }
  if (!to.empty() && to.back() == '\r') to.pop_back();
  return true;
}

void ByteReader::seek(std::uint64_t at) {
  at = std::max(at, start_);
  peek();  // zlib must read something to know that the file is not gzipped and can be seeked in
  if (at >= begin_ && at - begin_ <= filled_) {  // seeking backwards would decompress from the beginning
    next_ = static_cast<std::size_t>(at - begin_);
    return;
  }
  next_ = filled_ = 0;
  begin_ = at;
  if (gzseek(handle(file_), static_cast<z_off_t>(at), SEEK_SET) < 0) reject(fmt::format("has no byte {}", at));
}

std::uint64_t ByteReader::length() {
  peek();  // zlib examines the first bytes only when something is read
  if (gzdirect(handle(file_))) return size_;
  const std::uint64_t here = at();
  while (fill()) {}
  const std::uint64_t n = begin_;
  seek(here);
  return n;
}

void ByteReader::reject(const std::string& why) const { throw FileError(path_ + ": " + why); }

void ByteReader::reject_line(const std::string& why) const { reject(fmt::format("line {}: {}", lines_, why)); }

}  // namespace ebb::detail
