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

/// Texts that a file of weights carries with it, such as the architecture they belong to.
using Metadata = std::map<std::string, std::string>;

/// Arrays in a file of the safetensors format: 8 bytes with the header's length (little-endian), a JSON header that
/// gives each array's type (F32 or F64), shape and place, then the numbers. `__metadata__` holds the texts, format
/// "ebb" and the CRC-32 of the table of arrays, the texts and the numbers. Written beside the file, flushed to the disk
/// and renamed: a file that is there is whole. Python's safetensors reads it.
///
/// Errors    FileError if it cannot be written; a file that was there before is then untouched
///           ValueError for a name given twice, a text named "format" or "crc32", or one that is not UTF-8
/// Source    https://huggingface.co/docs/safetensors
void write_safetensors(const std::string& path, const std::vector<NamedArray>&, const Metadata& = {});

/// Reads them back, in the order of their numbers; other programs' files too, which have no checksum to be held to. F32
/// and F64 stay what they are. F16, BF16, BOOL and integers of 8 and 16 bits become float32, those of 32 and 64 bits
/// float64: each number is exact, or it is an error. Only what is asked for is converted: all arrays, or those that are
/// named.
///
/// The file is not trusted: every size is checked against the file's own before anything is allocated.
///
/// Errors    FileError naming what is wrong: missing, torn, altered, no array of a name, or one whose numbers Ebb
///           cannot hold
std::vector<NamedArray> read_safetensors(const std::string& path, const std::vector<std::string>& names = {});

/// The texts of such a file. Errors: as read_safetensors', for the whole file is checked
Metadata read_safetensors_metadata(const std::string& path);

}  // namespace ebb
