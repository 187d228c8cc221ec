#pragma once
#include <ebb/ops/array.hpp>
#include <map>
#include <string>
#include <vector>

namespace ebb {

/// What one array of numpy's is here: floating point in `values`, whole numbers in `tokens`; the other is empty.
struct NpyArray {
  Array values;
  Tokens tokens;
  /// Either of them as an Array; whole numbers become `dtype`.
  Array numbers(DType dtype = f32) const;
};

/// An array as numpy.save wrote it, under Python 2 too, versions 1 to 3 of the format, little-endian, in C's order of
/// axes or Fortran's: f4 and f8 become float32 and float64, i4, i8 and u1 become Tokens. The file is not trusted, and
/// nothing in it is executed (numpy's own objects are refused).
///
/// Shapes    as the file says, rank 0 to 4
/// Errors    FileError: not such a file, torn or too long, another element type, more axes, a whole number that no int
///           holds
/// Source    https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
NpyArray read_npy(const std::string& path);

/// Errors    FileError if it cannot be written; a file that was there before is then untouched
void write_npy(const std::string& path, const Array&);
void write_npy(const std::string& path, const Tokens&);

/// The arrays of numpy.savez or savez_compressed by name, all or those that are named. Checksums are checked.
///
/// Errors    as read_npy's with the array's name; also FileError if a name is not there or stands there twice
std::map<std::string, NpyArray> read_npz(const std::string& path, const std::vector<std::string>& names = {});

}  // namespace ebb
