#pragma once
#include <ebb/ops/array.hpp>
#include <map>
#include <string>
#include <vector>

namespace ebb {

struct NamedArray {
  std::string name;
  Array values;
};

/// Strings stored with the weights, such as the model's architecture.
using Metadata = std::map<std::string, std::string>;

/// Writes arrays in the safetensors format: 8 bytes with the header's length (little-endian), a JSON header with each
/// array's type (F32 or F64), shape and offsets, then the data. `__metadata__` has the strings, format "ebb" and the
/// CRC-32 of the table of arrays, the strings and the data. Written to a temporary file, flushed and renamed, so an
/// existing file is always complete. Python's safetensors reads it.
///
/// Errors    FileError if it cannot be written, leaving an existing file unchanged; ValueError for a duplicate name, a
///           string named "format" or "crc32", or one that is not UTF-8
/// Source    https://huggingface.co/docs/safetensors
void write_safetensors(const std::string& path, const std::vector<NamedArray>&, const Metadata& = {});

/// Reads arrays in the order of their data, also from other programs' files, which have no checksum to verify. F32 and
/// F64 are kept. F16, BF16, BOOL and integers of 8 and 16 bits become float32, those of 32 and 64 bits float64; a value
/// that is not exact is an error. Only requested arrays are converted: all, or those in `names`.
///
/// The file is untrusted: every size is checked against the file's size before anything is allocated.
///
/// Errors    FileError for a file that is missing, truncated or corrupt, a name that does not exist, or an array of an
///           unsupported type or shape
std::vector<NamedArray> read_safetensors(const std::string& path, const std::vector<std::string>& names = {});

/// The strings of such a file. Errors: as for read_safetensors, since the whole file is checked
Metadata read_safetensors_metadata(const std::string& path);

}  // namespace ebb
