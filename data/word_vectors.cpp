#include <fmt/format.h>
#include <charconv>
#include <ebb/data/byte_reader.hpp>
#include <ebb/data/word_vectors.hpp>
#include <ebb/ops/counted.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/number.hpp>
#include <optional>

namespace ebb {

namespace {

using Field = std::string_view;

/// Splits at blanks and tabs only: other white space occurs within words of the published files.
void cut(Field line, std::vector<Field>& fields) {
  fields.clear();
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t stop = std::min(line.find_first_of(" \t", at), line.size());
    if (stop > at) fields.push_back(line.substr(at, stop - at));
    at = stop + 1;
  }
}

std::optional<std::uint64_t> whole(Field f) {
  std::uint64_t n = 0;
  const auto [stop, error] = std::from_chars(f.data(), f.data() + f.size(), n);
  return error == std::errc() && stop == f.data() + f.size() ? std::optional(n) : std::nullopt;
}

/// Whether the word ends in a number after other white space, which would make the vectors appear one value shorter.
bool ends_in_number(Field word) {
  double x = 0;
  for (const Field space : {"\v", "\f", "\r", "\u0085", "\u00a0", "\u2002", "\u2003", "\u2009", "\u202f", "\u3000"})
    if (const std::size_t at = word.rfind(space);
        at != Field::npos && detail::parse_number(word.substr(at + space.size()), x) != detail::Parsed::none)
      return true;
  return false;
}

constexpr const char* separators = ",;:|=";

/// The separator after which a word ends or only a number follows, as in "the;0.5"; NUL if there is none.
char trailing_separator(Field word) {
  const std::size_t at = word.find_last_of(separators);
  double x = 0;
  if (at == Field::npos || word.find_first_not_of(separators) > at) return '\0';
  const Field rest = word.substr(at + 1);
  return rest.empty() || detail::parse_number(rest, x) != detail::Parsed::none ? word[at] : '\0';
}

/// Whether all words of a file end in the same separator, perhaps with a number. Then the separator belongs to the
/// format, and the number is the first value. In other files, single words end so: "3,5" or "example.org:80".
class SeparatedWords final {
 public:
  void add(Field word, std::uint64_t line) {
    if (others_) return;
    const char separator = trailing_separator(word);
    if (line_ == 0) {
      line_ = line;
      word_ = word;
      separator_ = separator;
    }
    others_ = separator == '\0' || separator != separator_;
    numerals_ = numerals_ && !word.ends_with(separator) && word.find_first_not_of("0123456789,:") == Field::npos;
  }
  /// The message; empty if the words are right. A file of numerals such as "3,5" or "10:30" is not reported.
  std::string error() const {
    if (line_ == 0 || others_ || numerals_) return {};
    return fmt::format(
        "line {}: '{}' ends in '{}'{}, as do all words of the file: only blanks and tabs separate words "
        "and values (if the words are right, declare their number and the dimension in the first line)",
        line_, word_, separator_, word_.ends_with(separator_) ? "" : " and a number");
  }

 private:
  std::uint64_t line_ = 0;  // the first
  std::string word_;
  char separator_ = '\0';
  bool others_ = false, numerals_ = true;
};

/// Reads a file of vectors in one pass.
class VectorReader final {
 public:
  VectorReader(const std::string& path, const Vocabulary& words, const MissingVectors& missing)
      : file_(path, detail::Content::text), words_(words), missing_(missing),
        line_of_(static_cast<std::size_t>(words.size())) {}

  WordVectors read() {
    std::string line;
    std::optional<std::uint64_t> wanted;
    while (file_.line(line)) {
      cut(line, fields_);
      const bool header = file_.line_number() == 1 && fields_.size() == 2 && whole(fields_[0]) && whole(fields_[1]);
      if (header) {
        wanted = whole(fields_[0]);
        dimensions_ = whole(fields_[1]);
      } else {
        entry();
      }
    }
    if (lines_ == 0) file_.reject("has no word vectors");
    if (const std::string why = separated_.error(); !wanted && !why.empty()) file_.reject(why);
    if (wanted && *wanted != lines_)
      file_.reject(fmt::format("its first line declares {}, but {} {}", detail::counted(*wanted, "word"), lines_,
                               lines_ == 1 ? "follows" : "follow"));
    allocate();  // none of the words was found
    return result_;
  }

 private:
  void entry() {
    if (fields_.size() < 2) file_.reject_line("is not a word followed by values");
    if (lines_++ == 0) first();
    // A few words of the published files contain blanks, so the values are counted from the end. What remains must be
    // part of a word, not additional values.
    const std::size_t n = fields_.size();
    bool numbers_left = n > *dimensions_ + 1;
    double x = 0;
    for (std::size_t k = 1; numbers_left && k < n - *dimensions_; ++k)
      numbers_left = detail::parse_number(fields_[k], x) == detail::Parsed::finite;
    if (n - 1 < *dimensions_ || *dimensions_ == 0 || numbers_left)
      file_.reject_line(fmt::format("number of values after the word: {}, expected {}", n - 1, *dimensions_));
    separated_.add(fields_[n - *dimensions_ - 1], file_.line_number());
    if (n > *dimensions_ + 1) return;  // words of a vocabulary have no blanks
    const int id = words_.find(fields_[0]);
    if (id >= 0) keep(id);
  }

  /// The line that determines the dimension is parsed completely; other lines only if their word is in the vocabulary.
  void first() {
    if (ends_in_number(fields_[0])) file_.reject_line("the word and its values are not separated by blanks or tabs");
    if (dimensions_) return;
    for (std::size_t k = 1; k < fields_.size(); ++k) number(k);
    dimensions_ = fields_.size() - 1;
  }

  double number(std::size_t k) const {
    double x = 0;
    const detail::Parsed parsed = detail::parse_number(fields_[k], x);
    const bool large =
        parsed == detail::Parsed::too_large || (result_.table && !detail::fits(x, result_.table.dtype()));
    if (parsed == detail::Parsed::finite && !large) return x;
    file_.reject_line(fmt::format("value {} of '{}' is {}: '{}'", k, fields_[0],
                                  large ? "out of range" : "not a number", fields_[k]));
  }

  void keep(int id) {
    std::uint64_t& line = line_of_[static_cast<std::size_t>(id)];
    if (line != 0) file_.reject_line(fmt::format("repeats the word of line {}: '{}'", line, fields_[0]));
    line = file_.line_number();
    allocate();
    ++result_.found;
    const auto e = static_cast<std::int64_t>(*dimensions_);
    for (std::int64_t k = 0; k < e; ++k) result_.table.set_flat(id * e + k, number(static_cast<std::size_t>(k) + 1));
  }

  // Called only after a line has confirmed the dimension that the first line declares.
  void allocate() {
    if (result_.table) return;
    const Shape shape{words_.size(), static_cast<int>(*dimensions_)};
    const Array start = missing_(shape);
    if (!(start.shape() == shape))
      throw ShapeError(
          fmt::format("read_word_vectors: the array for missing words is [{}, {}] with rank {}, expected [{}, {}]",
                      start.rows(), start.columns(), start.rank(), shape[0], shape[1]));
    result_.table = start.copy();
  }

  detail::ByteReader file_;
  const Vocabulary& words_;
  const MissingVectors& missing_;
  std::vector<std::uint64_t> line_of_;  // 0: not found yet
  std::vector<Field> fields_;
  std::optional<std::size_t> dimensions_;
  std::uint64_t lines_ = 0;
  SeparatedWords separated_;
  WordVectors result_;
};

}  // namespace

WordVectors read_word_vectors(const std::string& path, const Vocabulary& words, const MissingVectors& missing) {
  return VectorReader(path, words, missing).read();
}

}  // namespace ebb
