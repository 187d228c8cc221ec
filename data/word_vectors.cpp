#include <ebb/data/byte_reader.hpp>
#include <ebb/data/number.hpp>
#include <ebb/data/word_vectors.hpp>
#include <ebb/ops/error.hpp>
#include <fmt/format.h>
#include <optional>

namespace ebb {

namespace {

using Field = std::string_view;

/// What stands between blanks. Only those: other white space is part of some words of the published files.
void cut(Field line, std::vector<Field>& fields) {
  fields.clear();
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t stop = std::min(line.find(' ', at), line.size());
    if (stop > at) fields.push_back(line.substr(at, stop - at));
    at = stop + 1;
  }
}

std::optional<std::uint64_t> whole(Field f) {
  std::uint64_t n = 0;
  const auto [stop, error] = std::from_chars(f.data(), f.data() + f.size(), n);
  return error == std::errc() && stop == f.data() + f.size() ? std::optional(n) : std::nullopt;
}

/// One pass over a file of vectors.
class VectorReader final {
 public:
  VectorReader(const std::string& path, const Vocabulary& words, const MissingVectors& missing)
      : file_(path), words_(words), missing_(missing), line_of_(static_cast<std::size_t>(words.size())) {}

  WordVectors read() {
    std::string line;
    std::optional<std::uint64_t> wanted;
    std::uint64_t lines = 0;
    while (file_.line(line)) {
      cut(line, fields_);
      const bool header = file_.line_number() == 1 && fields_.size() == 2 && whole(fields_[0]) && whole(fields_[1]);
      if (header) {
        wanted = whole(fields_[0]);
        dimensions_ = whole(fields_[1]);
      } else {
        entry();
        ++lines;
      }
    }
    if (lines == 0) file_.refuse("holds no word vectors");
    if (wanted && *wanted != lines) file_.refuse(fmt::format("its first line says {} words, and {} follow", *wanted, lines));
    allocate();                            // none of the words was there
    return result_;
  }

 private:
  void entry() {
    if (fields_.size() < 2) file_.refuse_line("is not a word and its numbers");
    if (!dimensions_) dimensions_ = fields_.size() - 1;
    // A few words of the published files have blanks in them, so the numbers are counted from the end; what is left over has to be
    // part of a word, not further numbers.
    const std::size_t n = fields_.size();
    bool numbers_left = n > *dimensions_ + 1;
    double x = 0;
    for (std::size_t k = 1; numbers_left && k < n - *dimensions_; ++k) numbers_left = detail::parse_number(fields_[k], x);
    if (n - 1 < *dimensions_ || *dimensions_ == 0 || numbers_left)
      file_.refuse_line(fmt::format("has {} numbers after its word, not {}", n - 1, *dimensions_));
    if (n > *dimensions_ + 1) return;      // a vocabulary's words have no blanks
    const int id = words_.find(fields_[0]);
    if (id >= 0) keep(id);
  }

  void keep(int id) {
    std::uint64_t& line = line_of_[static_cast<std::size_t>(id)];
    if (line != 0) file_.refuse_line(fmt::format("has the same word as line {}: '{}'", line, fields_[0]));
    line = file_.line_number();
    allocate();
    ++result_.found;
    const auto e = static_cast<std::int64_t>(*dimensions_);
    for (std::int64_t k = 0; k < e; ++k) {
      const Field f = fields_[static_cast<std::size_t>(k) + 1];
      double x = 0;
      if (!detail::parse_number(f, x)) file_.refuse_line(fmt::format("number {} of '{}' is not one: '{}'", k + 1, fields_[0], f));
      result_.table.set_flat(id * e + k, x);
    }
  }

  // Only when a line has shown that it has as many numbers as the first says.
  void allocate() {
    if (result_.table) return;
    const Shape shape{words_.size(), static_cast<int>(*dimensions_)};
    const Array start = missing_(shape);
    if (!(start.shape() == shape))
      throw ShapeError(fmt::format("read_word_vectors: the rows of missing words are [{}, {}] with rank {}, not [{}, {}]",
                                   start.rows(), start.columns(), start.rank(), shape[0], shape[1]));
    result_.table = start.copy();
  }

  detail::ByteReader file_;
  const Vocabulary& words_;
  const MissingVectors& missing_;
  std::vector<std::uint64_t> line_of_;   // 0: not met
  std::vector<Field> fields_;
  std::optional<std::size_t> dimensions_;
  WordVectors result_;
};

}  // namespace

WordVectors read_word_vectors(const std::string& path, const Vocabulary& words, const MissingVectors& missing) {
  return VectorReader(path, words, missing).read();
}

}  // namespace ebb
