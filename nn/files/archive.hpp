#pragma once
#include <ebb/nn/archive.hpp>

namespace ebb {

/// Writes all parts into one file, from which `load` takes them with the same list:
///
///     save("run.ckpt", w, adam, stop, cursor, carry);
///
/// A part is a number, a text, an Array, Tokens, a carried state, a vector of numbers or texts, or has a `visit`. The
/// file is a safetensors file with a checksum, written beside `path`, flushed to the disk and renamed.
///
/// Errors    FileError if it cannot be written; a file that was there before is then untouched
template <class... Parts>
  requires(sizeof...(Parts) > 0)
void save(const std::string& path, const Parts&... parts);

/// Reads them back, every number to the bit. Build the parts as they were built for `save`: what their constructors
/// were given is not in the file.
///
/// Errors    FileError saying which part does not fit and how, if the file is missing, torn or altered, or of another
///           model or update rule, or has other parts; nothing is changed then, in any part
template <class... Parts>
  requires(sizeof...(Parts) > 0)
void load(const std::string& path, Parts&... parts);

namespace detail {

/// The file behind an Archive: what its parts hold when it is written, or what they are given when it was read.
class ArchiveFile final {
 public:
  enum class Direction { write, read };
  ArchiveFile(Direction, const std::string& path, int parts);
  Archive& archive() { return archive_; }
  void finish();  ///< writes the file, or gives every member its value

 private:
  void read(int parts);
  Archive archive_;
};

}  // namespace detail

template <class... Parts>
  requires(sizeof...(Parts) > 0)
void save(const std::string& path, const Parts&... parts) {
  detail::ArchiveFile file(detail::ArchiveFile::Direction::write, path, static_cast<int>(sizeof...(Parts)));
  int k = 0;
  (file.archive()(std::to_string(++k).c_str(), const_cast<Parts&>(parts)), ...);  // writing, visit changes nothing
  file.finish();
}

template <class... Parts>
  requires(sizeof...(Parts) > 0)
void load(const std::string& path, Parts&... parts) {
  detail::ArchiveFile file(detail::ArchiveFile::Direction::read, path, static_cast<int>(sizeof...(Parts)));
  int k = 0;
  (file.archive()(std::to_string(++k).c_str(), parts), ...);
  file.finish();
}

}  // namespace ebb
