#include <fmt/format.h>
#include <charconv>
#include <ebb/data/byte_reader.hpp>
#include <ebb/data/word_vectors.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/number.hpp>
#include <optional>

namespace ebb {

namespace {

using Field = std::string_view;

/// What stands between blanks and tabs. Only those: other white space is part of some words of the published files.
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

/// Whether a number was left in the word, since some other white space parts the two: then all would look a number
/// narrower.
bool ends_in_number(Field word) {
  double x = 0;
  for (const Field space : {"\v", "\f", "\r", "\u0085", "\u00a0", "\u2002", "\u2003", "\u2009", "\u202f", "\u3000"})
    if (const std::size_t at = word.rfind(space);
        at != Field::npos && detail::parse_number(word.substr(at + space.size()), x) != detail::Parsed::none)
      return true;
  return false;
}

/// One pass over a file of vectors.
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
    if (lines_ == 0) file_.reject("holds no word vectors");
    if (wanted && *wanted != lines_)
      file_.reject(fmt::format("its first line says {} words, and {} follow", *wanted, lines_));
    allocate();  // none of the words was there
    return result_;
  }

 private:
  void entry() {
    if (fields_.size() < 2) file_.reject_line("is not a word and its numbers");
    if (lines_++ == 0) first();
    // A few words of the published files have blanks in them, so the numbers are counted from the end; what is left
    // over has to be part of a word, not further numbers.
    const std::size_t n = fields_.size();
    bool numbers_left = n > *dimensions_ + 1;
    double x = 0;
    for (std::size_t k = 1; numbers_left && k < n - *dimensions_; ++k)
      numbers_left = detail::parse_number(fields_[k], x) == detail::Parsed::finite;
    if (n - 1 < *dimensions_ || *dimensions_ == 0 || numbers_left)
      file_.reject_line(fmt::format("has {} numbers after its word, not {}", n - 1, *dimensions_));
    if (n > *dimensions_ + 1) return;  // a vocabulary's words have no blanks
    const int id = words_.find(fields_[0]);
    if (id >= 0) keep(id);
  }

  /// The line that says how many numbers there are is looked at as a whole: the other words are skipped unless they are
  /// wanted.
  void first() {
    if (ends_in_number(fields_[0]))
      file_.reject_line("a word and its numbers are parted neither by blanks nor by tabs");
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
    file_.reject_line(
        fmt::format("number {} of '{}' is {}: '{}'", k, fields_[0], large ? "too large" : "not one", fields_[k]));
  }

  void keep(int id) {
    std::uint64_t& line = line_of_[static_cast<std::size_t>(id)];
    if (line != 0) file_.reject_line(fmt::format("has the same word as line {}: '{}'", line, fields_[0]));
    line = file_.line_number();
    allocate();
    ++result_.found;
    const auto e = static_cast<std::int64_t>(*dimensions_);
    for (std::int64_t k = 0; k < e; ++k) result_.table.set_flat(id * e + k, number(static_cast<std::size_t>(k) + 1));
  }

  // Only when a line has shown that it has as many numbers as the first says.
  void allocate() {
    if (result_.table) return;
    const Shape shape{words_.size(), static_cast<int>(*dimensions_)};
    const Array start = missing_(shape);
    if (!(start.shape() == shape))
      throw ShapeError(
          fmt::format("read_word_vectors: the rows of missing words are [{}, {}] with rank {}, not [{}, {}]",
                      start.rows(), start.columns(), start.rank(), shape[0], shape[1]));
    result_.table = start.copy();
  }

  detail::ByteReader file_;
  const Vocabulary& words_;
  const MissingVectors& missing_;
  std::vector<std::uint64_t> line_of_;  // 0: not met
  std::vector<Field> fields_;
  std::optional<std::size_t> dimensions_;
  std::uint64_t lines_ = 0;
  WordVectors result_;
};

}  // namespace

WordVectors read_word_vectors(const std::string& path, const Vocabulary& words, const MissingVectors& missing) {
  return VectorReader(path, words, missing).read();
}

}  // namespace ebb
