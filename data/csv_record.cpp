#include <fmt/format.h>
#include <ebb/data/csv_record.hpp>

namespace ebb::detail {

namespace {
constexpr std::size_t longest_field = std::size_t{1} << 20, most_fields = std::size_t{1} << 20;
bool is_empty(const std::vector<std::string>& fields) { return fields.size() == 1 && fields[0].empty(); }
}  // namespace

void CsvRecords::reject(const std::string& why, const std::string& where) const {
  file_.reject(fmt::format("line {}{}: {}", begin_, where, why));
}

int CsvRecords::get() {
  const int c = with_line_end(file_.get());
  if (c == '\n') ++line_;
  return c;
}

void CsvRecords::add(std::string& field, int c) const {
  if (field.size() == longest_field) reject("a field is longer than 1 MiB; a quote may not be closed");
  field.push_back(static_cast<char>(c));
}

/// Reads from after the opening quote up to the closing one.
bool CsvRecords::quoted(std::string& field) {
  for (;;) {
    const int c = get();
    if (c == ByteReader::end) reject("a quote is not closed");
    if (c != '"') {
      add(field, c);
    } else if (peek() == '"') {
      add(field, get());
    } else {
      const int after = peek();
      return after == delimiter_ || after == '\n' || after == '\r' || after == ByteReader::end;
    }
  }
}

bool CsvRecords::parse(std::vector<std::string>& fields) {
  begin_ = line_;
  if (peek() == ByteReader::end) return false;
  std::size_t n = 0;
  for (;;) {
    if (n == most_fields) reject(fmt::format("has more than {} fields", most_fields));
    if (fields.size() == n) fields.emplace_back();
    std::string& field = fields[n++];
    field.clear();
    if (peek() == '"') {
      get();
      if (!quoted(field)) reject(fmt::format("field {} has text after its closing quote", n));
    }
    int c = get();
    for (; c != delimiter_ && c != '\n' && c != ByteReader::end; c = get())
      if (c != '\r' || peek() != '\n') add(field, c);
    if (c == delimiter_) continue;
    fields.resize(n);
    return true;
  }
}

bool CsvRecords::next(std::vector<std::string>& fields) {
  if (!have_) {
    std::uint64_t first = 0;
    for (empty_ = 0;; ++empty_) {
      if (!parse(held_)) return false;
      if (empty_ == 0) first = begin_;
      if (!is_empty(held_)) break;
    }
    held_begin_ = begin_;
    begin_ = first;
    have_ = true;
  }
  if (empty_ > 0) {
    --empty_;
    fields.assign(1, std::string());
    begin_ = held_begin_ - 1 - empty_;
    return true;
  }
  begin_ = held_begin_;
  fields.swap(held_);
  have_ = false;
  return true;
}

}  // namespace ebb::detail
