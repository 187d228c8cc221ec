#pragma once
#include <ebb/nn/archive.hpp>

namespace ebb {

/// Writes all parts to one file; `load` reads it with the same list:
///
///     save("run.ckpt", w, adam, stop, cursor, carry);
///
/// A part is a number, a string, an Array, Tokens, a carried state, a vector of numbers or strings, or a type with a
/// `visit`. The file is a safetensors file with a checksum, written to a temporary file, flushed and renamed.
///
/// Errors    FileError if it cannot be written; an existing file is then left unchanged
template <class... Parts>
  requires(sizeof...(Parts) > 0)
void save(const std::string& path, const Parts&... parts);

/// Reads them back, bit for bit. Construct the parts as for `save`: constructor arguments are not in the file.
///
/// Errors    FileError naming the part and the mismatch if the file is missing, truncated or corrupt, or has other
///           parts, another model or another optimiser; no part is changed then
template <class... Parts>
  requires(sizeof...(Parts) > 0)
void load(const std::string& path, Parts&... parts);

namespace detail {

/// The file of an Archive, for writing or after reading.
class ArchiveFile final {
 public:
  enum class Direction { write, read };
  ArchiveFile(Direction, const std::string& path, int parts);
  Archive& archive() { return archive_; }
  void finish();  ///< writes the file, or assigns every member

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
  (file.archive()(std::to_string(++k).c_str(), const_cast<Parts&>(parts)), ...);  // visit does not modify when writing
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
