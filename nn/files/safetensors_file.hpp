#pragma once
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ebb/nn/files/safetensors.hpp>

/// The container format of write_safetensors, read_safetensors and Archive: typed arrays and strings.
namespace ebb::detail {

/// One entry of the file's table.
struct Stored {
  std::string name, type;  // type as in the format, "F32"
  std::string strange;     // why an Array cannot hold it (unknown type, too many axes), or empty
  std::vector<int> shape;
  std::uint64_t begin = 0, end = 0;  // byte offsets from the end of the header
  std::uint64_t bytes() const { return end - begin; }
  std::uint64_t count() const;  // number of elements; at most the number of bytes if strange
};

/// Bytes per element, 0 for a type that the format does not have.
std::size_t stored_bytes(const std::string& type);

/// A file whose header has been read and checked; its data is read next, sequentially. The file is untrusted: every
/// size is checked against the file's size before anything is allocated.
///
/// Errors    FileError naming the path and what is wrong
class StoredFile final {
 public:
  explicit StoredFile(const std::string& path);
  const std::vector<Stored>& table() const { return table_; }
  const Metadata& metadata() const { return metadata_; }  ///< without Ebb's own entries
  bool checked() const { return checked_; }               ///< has a checksum: written by Ebb
  void check(const Stored&) const;                        ///< Errors: FileError if an Array cannot hold it
  void read(void* to, std::size_t bytes);                 ///< the next bytes of the data
  void skip(std::uint64_t bytes);                         ///< skips the next bytes of the data
  void finish();  ///< at the end of the data. Errors: FileError also if the checksum does not match
  [[noreturn]] void reject(const std::string& why) const;

 private:
  std::string path_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
  std::vector<Stored> table_;
  Metadata metadata_;
  bool checked_ = false;
  unsigned long sum_ = 0, wanted_ = 0;
};

struct ToStore {
  std::string name, type;
  std::vector<int> shape;
  const void* data;
  std::size_t bytes;
};

/// The wanted arrays, in the file's order; the others are only included in the checksum.
std::vector<NamedArray> read_arrays(StoredFile&, const std::function<bool(const Stored&)>& wanted);

/// Errors    FileError for a finite value that overflows in that element type
void check_fits(const std::string& path, const NamedArray&, DType);

/// Errors    FileError if it cannot be written; ValueError for a duplicate name, or a name or string that is not UTF-8
void write_stored(const std::string& path, const std::vector<ToStore>&, const Metadata&);

}  // namespace ebb::detail
