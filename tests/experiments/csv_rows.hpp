#pragma once
#include <ebb/data/csv_record.hpp>
#include <string>
#include <vector>

/// The records of a CSV file, the first of which has the names of its columns.
inline std::vector<std::vector<std::string>> csv_rows(const std::string& path) {
  ebb::detail::CsvRecords records(path, ',');
  std::vector<std::vector<std::string>> rows;
  for (std::vector<std::string> row; records.next(row);) rows.push_back(row);
  return rows;
}
