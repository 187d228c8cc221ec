#pragma once
#include <ebb/data/byte_reader.hpp>

namespace ebb::detail {

/// Iterates over the records of a CSV file without interpreting their fields. Internal.
class CsvRecords final {
 public:
  CsvRecords(const std::string& path, char delimiter)
      : file_(path, Content::text), delimiter_(static_cast<unsigned char>(delimiter)) {}

  /// The next record, skipping empty lines at the end of the file; false if there is none.
  bool next(std::vector<std::string>& fields);
  std::uint64_t line() const { return begin_; }  ///< line on which the record begins, counted from 1
  [[noreturn]] void reject(const std::string& why,
                           const std::string& where = {}) const;  ///< "path: line 7, where: reason"
  const ByteReader& file() const { return file_; }

 private:
  bool parse(std::vector<std::string>& fields);
  bool quoted(std::string& field);
  int get();
  int peek() { return with_line_end(file_.peek()); }
  int with_line_end(int c) const { return c == file_.line_end() ? '\n' : c; }
  void add(std::string& field, int c) const;

  ByteReader file_;
  int delimiter_;
  std::uint64_t line_ = 1, begin_ = 1;  // the line to be read next, the record's first line
  std::uint64_t empty_ = 0;             // empty lines still to be returned, since a record follows them
  bool have_ = false;                   // whether that record is in held_
  std::vector<std::string> held_;
  std::uint64_t held_begin_ = 0;
};

}  // namespace ebb::detail
