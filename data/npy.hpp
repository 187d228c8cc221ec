#pragma once
#include <ebb/ops/array.hpp>
#include <map>
#include <string>
#include <vector>

namespace ebb {

/// An array read from NumPy's format: floating point in `values` or integers in `tokens`; the other is empty.
struct NpyArray {
  Array values;
  Tokens tokens;
  /// Either of them as an Array; integers are converted to `dtype`.
  Array as_array(DType dtype = f32) const;
};

/// Reads an array written by numpy.save (Python 2 or 3): versions 1 to 3 of the format, little-endian, in C's or
/// Fortran's order. f4 and f8 become float32 and float64; i4, i8 and u1 become Tokens. The file is untrusted: sizes are
/// checked, and nothing in it is executed (object arrays are rejected).
///
/// Shapes    as in the file, rank 0 to 4
/// Errors    FileError for another format, a truncated or too long file, another element type, more than four axes, or
///           an integer that does not fit an int
/// Source    https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
NpyArray read_npy(const std::string& path);

/// Errors    FileError if it cannot be written; an existing file is then left unchanged
void write_npy(const std::string& path, const Array&);
void write_npy(const std::string& path, const Tokens&);

/// The arrays of a file from numpy.savez or savez_compressed: all, or those listed in `names`. Verifies checksums.
///
/// Errors    as for read_npy, with the array's name; also FileError if a name is missing or occurs twice
std::map<std::string, NpyArray> read_npz(const std::string& path, const std::vector<std::string>& names = {});

}  // namespace ebb
