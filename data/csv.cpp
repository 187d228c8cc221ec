#include <fmt/format.h>
#include <algorithm>
#include <climits>
#include <cmath>
#include <ebb/data/csv.hpp>
#include <ebb/data/csv_record.hpp>
#include <ebb/ops/counted.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/number.hpp>
#include <ebb/ops/utf8.hpp>

namespace ebb {

namespace {

using Strings = std::vector<std::string>;

std::string_view trimmed(std::string_view s) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!s.empty() && blank(s.front())) s.remove_prefix(1);
  while (!s.empty() && blank(s.back())) s.remove_suffix(1);
  return s;
}

/// One pass over a file of numbers.
class SeriesReader final {
 public:
  SeriesReader(const std::string& path, const CsvOptions& o) : records_(path, o.delimiter), options_(o) {
    if (o.delimiter == '"' || o.delimiter == '\n' || o.delimiter == '\r')
      throw ValueError("read_csv: the delimiter must not be a quote or a line end");
    if (o.missing == Missing::fill && !std::isnan(o.fill) && !detail::fits(o.fill, o.dtype))
      throw ValueError(fmt::format("read_csv: fill {} is out of range for {}", o.fill, name_of(o.dtype)));
  }

  CsvTable read() {
    Strings fields;
    bool any = records_.next(fields);
    if (!any) records_.file().reject("has no rows");
    width_ = fields.size();
    choose(fields);
    if (options_.header) any = records_.next(fields);
    for (; any; any = records_.next(fields)) row(fields);
    if (rows_ == 0) records_.file().reject("has no rows");
    if (rows_ > INT_MAX) records_.file().reject("has more rows than an array can hold");
    CsvTable table{std::move(names_),
                   Array::empty({static_cast<int>(rows_), static_cast<int>(chosen_.size())}, options_.dtype)};
    with_dtype(options_.dtype, [&](auto zero) {
      using T = decltype(zero);
      std::transform(values_.begin(), values_.end(), table.values.data<T>(),
                     [](double x) { return static_cast<T>(x); });
    });
    return table;
  }

 private:
  void choose(const Strings& first) {
    Strings names(width_);
    for (std::size_t k = 0; k < width_; ++k)
      names[k] = options_.header ? std::string(trimmed(first[k])) : std::to_string(k);
    if (options_.columns.empty()) {
      for (std::size_t k = 0; k < width_; ++k) chosen_.push_back(k);
      names_ = std::move(names);
    }
    for (const std::string& wanted : options_.columns) {
      const auto at = std::find(names.begin(), names.end(), wanted);
      if (at == names.end())
        records_.reject(fmt::format("there is no column '{}'; {}: {}", wanted,
                                    width_ == 1 ? "the only column is" : fmt::format("the {} columns are", width_),
                                    list(names)));
      if (std::find(at + 1, names.end(), wanted) != names.end())
        records_.reject(fmt::format("there are two columns '{}'", wanted));
      chosen_.push_back(static_cast<std::size_t>(at - names.begin()));
      names_.push_back(wanted);
    }
    // Names are used in metadata, which must be UTF-8.
    for (std::size_t k = 0; k < names_.size(); ++k)
      if (!detail::is_utf8(names_[k]))
        records_.reject(fmt::format("the name of column {} is not UTF-8", chosen_[k] + 1));
  }

  static std::string list(const Strings& names) {
    std::string all;
    for (std::size_t k = 0; k < names.size() && k < 20; ++k) all += (k ? ", " : "") + names[k];
    return all + (names.size() > 20 ? ", ..." : "");
  }

  void row(const Strings& fields) {
    if (fields.size() != width_)
      records_.reject(fmt::format("has {}, expected {}", detail::counted(fields.size(), "field"), width_));
    const std::size_t begin = values_.size();
    for (std::size_t k = 0; k < chosen_.size(); ++k) {
      double x = 0;
      const std::string_view field = trimmed(fields[chosen_[k]]);
      const detail::Parsed parsed = detail::parse_number(field, x);
      const bool value = parsed == detail::Parsed::special && !options_.finite;
      const bool missing =
          !value && std::find(options_.marks.begin(), options_.marks.end(), field) != options_.marks.end();
      if (missing && options_.missing == Missing::drop_row) return values_.resize(begin);
      if (missing) x = substitute(k);
      else if (!value) check(k, field, parsed, x);
      values_.push_back(x);
    }
    ++rows_;
  }

  void check(std::size_t k, std::string_view field, detail::Parsed parsed, double x) const {
    const std::string_view shown = field.substr(0, 40);
    if (parsed == detail::Parsed::none) reject(k, fmt::format("'{}' is not a number", shown));
    if (parsed == detail::Parsed::special) reject(k, fmt::format("'{}' is not a finite number", shown));
    if (parsed == detail::Parsed::too_large || !detail::fits(x, options_.dtype))
      reject(k, fmt::format("{} is out of range for {}", shown, name_of(options_.dtype)));
  }

  double substitute(std::size_t k) const {
    if (options_.missing == Missing::fill) return options_.fill;
    if (options_.missing == Missing::reject) reject(k, "the value is missing");
    if (rows_ == 0) reject(k, "the value is missing, and there is no previous value");
    return values_[(rows_ - 1) * chosen_.size() + k];
  }

  [[noreturn]] void reject(std::size_t k, const std::string& why) const {
    records_.reject(why, fmt::format(", column '{}'", names_[k]));
  }

  detail::CsvRecords records_;
  const CsvOptions& options_;
  std::size_t width_ = 0, rows_ = 0;
  std::vector<std::size_t> chosen_;
  Strings names_;
  std::vector<double> values_;
};

}  // namespace

CsvTable read_csv(const std::string& path, const CsvOptions& options) { return SeriesReader(path, options).read(); }

}  // namespace ebb
