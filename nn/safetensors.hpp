#pragma once
#include <ebb/ops/array.hpp>
#include <string>
#include <vector>

namespace ebb {

struct NamedArray {
  std::string name;
  Array values;
};

/// Arrays in a file of the safetensors format: 8 bytes with the header's length (little-endian), a JSON header that gives
/// each array's type (F32 or F64), shape and place, then the numbers. `__metadata__` holds format "ebb" and the CRC-32 of
/// the table of arrays and the numbers. Written beside the file, flushed to the disk and renamed: a file that is there is
/// whole.
///
/// Errors    FileError if it cannot be written; a file that was there before is then untouched
/// Source    https://huggingface.co/docs/safetensors
void write_safetensors(const std::string& path, const std::vector<NamedArray>&);

/// Reads them back. The file is not trusted: every size is checked against the file's own before anything is allocated.
///
/// Errors    FileError naming what is wrong: missing, torn, altered, or not written by Ebb
std::vector<NamedArray> read_safetensors(const std::string& path);

}  // namespace ebb
