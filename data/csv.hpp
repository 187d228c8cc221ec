#pragma once
#include <cstdint>
#include <ebb/ops/array.hpp>
#include <string>
#include <vector>

namespace ebb {

/// How missing values are handled.
enum class Missing : std::uint8_t {
  reject,    ///< FileError with line and column
  previous,  ///< repeat the previous value; FileError if there is none
  fill,      ///< CsvOptions::fill
  drop_row   ///< drop the row
};

struct CsvOptions {
  bool header = true;  ///< the first line has column names; else they are "0", "1", ...
  char delimiter = ',';
  std::vector<std::string> columns = {};  ///< columns to read, in this order; empty: all. Others are not parsed
  Missing missing = Missing::reject;
  double fill = 0;
  std::vector<std::string> marks = {"",    "NA",   "N/A",  "NaN",
                                    "nan", "null", "NULL", "?"};  ///< spellings of a missing value
  DType dtype = f32;
  bool finite = true;  ///< false: nan, inf and -inf are accepted as values
};

struct CsvTable {
  std::vector<std::string> names;  ///< of the columns
  Array values;                    ///< [T, columns]
};

/// Reads numbers from a CSV file, plain or gzipped: one row per line; fields may be in double quotes, within which ""
/// is a quote and line breaks are allowed. Blanks around a number are allowed, a decimal comma is not. A leading byte
/// order mark (U+FEFF) is skipped; line ends may be those of any system.
///
/// Shapes    values [T, columns]
/// Errors    FileError with line and column for a field that is missing, not a number or out of range for the element
///           type, a wrong number of fields, an unclosed quote, no rows, UTF-16 or UTF-32, a requested column that does
///           not exist, or a name that is not UTF-8; ValueError for an invalid delimiter or a `fill` out of range
/// Numerics  a number below float64's range is read as zero
/// Cost      8 bytes per value in addition to the array
/// Source    RFC 4180
CsvTable read_csv(const std::string& path, const CsvOptions& = {});

}  // namespace ebb
