#pragma once
#include <cstdint>
#include <ebb/ops/array.hpp>
#include <string>
#include <vector>

namespace ebb {

/// What to do where a value is missing.
enum class Missing : std::uint8_t {
  reject,    ///< FileError with line and column
  previous,  ///< the value above; FileError if there is none
  fill,      ///< CsvOptions::fill
  drop_row   ///< leave out the row
};

struct CsvOptions {
  bool header = true;  ///< the first line has names; else the columns are called "0", "1", ...
  char delimiter = ',';
  std::vector<std::string> columns = {};  ///< which, by name and in this order; none: all. The others may hold anything
  Missing missing = Missing::reject;
  double fill = 0;
  std::vector<std::string> marks = {"",    "NA",   "N/A",  "NaN",
                                    "nan", "null", "NULL", "?"};  ///< what stands for a missing value
  DType dtype = f32;
  bool finite = true;  ///< false: nan, inf and -inf are values too, as Ebb writes them
};

struct CsvTable {
  std::vector<std::string> names;  ///< of the columns
  Array values;                    ///< [T, columns]
};

/// Numbers from a file of comma-separated values, plain or gzipped: one row a line, fields perhaps in double quotes,
/// where "" is a quote and lines may break. Blanks around a number are allowed, a decimal comma is not. A mark of UTF-8
/// (U+FEFF) is passed over, and lines may end as on any system.
///
/// Shapes    values [T, columns]
/// Errors    FileError with line and column: not a number, one too large for the element type, missing, too many fields
///           or too few, a quote that is not closed, no rows, UTF-16, no column of a name that was asked for or a name
///           that is not UTF-8; ValueError for a delimiter that cannot be one, or a `fill` too large
/// Numerics  a number nearer to zero than the least float64 is zero
/// Cost      8 bytes a number beside the array
/// Source    RFC 4180
CsvTable read_csv(const std::string& path, const CsvOptions& = {});

}  // namespace ebb
