#pragma once
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ebb/nn/files/safetensors.hpp>

/// The container behind write_safetensors, read_safetensors and Archive: typed arrays and texts, no meaning yet.
namespace ebb::detail {

/// One line of the file's table.
struct Stored {
  std::string name, type;  // the type as the format spells it, "F32"
  std::string strange;     // why no Array can hold it: the type is unknown, or it has too many axes; else empty
  std::vector<int> shape;
  std::uint64_t begin = 0, end = 0;  // bytes, counted from the end of the header
  std::uint64_t bytes() const { return end - begin; }
  std::uint64_t count() const;  // of elements; of a strange one, no more than its bytes
};

/// Bytes of one element, 0 for a type that the format does not have.
std::size_t stored_bytes(const std::string& type);

/// A file of which the header has been read and checked, and of which the numbers are read next, in their order. It is
/// not trusted: every size is checked against the file's own before anything is allocated.
///
/// Errors    FileError naming the path and what is wrong
class StoredFile final {
 public:
  explicit StoredFile(const std::string& path);
  const std::vector<Stored>& table() const { return table_; }
  const Metadata& metadata() const { return metadata_; }  ///< without what Ebb itself keeps there
  bool checked() const { return checked_; }               ///< has a checksum: written by Ebb
  void check(const Stored&) const;                        ///< Errors: FileError if it is strange
  void read(void* to, std::size_t bytes);                 ///< the numbers that come next
  void skip(std::uint64_t bytes);                         ///< of them those that nobody asked for
  void finish();                                          ///< after the last. Errors: also if the checksum does not fit
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

/// The arrays that are wanted, in the file's order; of the others only the checksum is taken.
std::vector<NamedArray> read_arrays(StoredFile&, const std::function<bool(const Stored&)>& wanted);

/// Errors    FileError for a finite number that is infinite in that element type
void check_fits(const std::string& path, const NamedArray&, DType);

/// Errors    FileError if it cannot be written; ValueError for a name given twice, or a name or text that is not UTF-8
void write_stored(const std::string& path, const std::vector<ToStore>&, const Metadata&);

}  // namespace ebb::detail
