#include <charconv>
#include <climits>
#include <ebb/data/npy_format.hpp>

namespace ebb::detail {

namespace {

/// Parses a Python literal: a dictionary of strings, True, False and tuples of integers, and nothing else.
class HeaderParser final {
 public:
  HeaderParser(const std::string& text, const NpySource& from) : text_(text), from_(from) {}

  NpyHeader parse() {
    NpyHeader h;
    bool seen[3] = {};
    expect('{');
    while (!take('}')) {
      const std::string key = quoted();
      const int k = key == "descr" ? 0 : key == "fortran_order" ? 1 : key == "shape" ? 2 : -1;
      if (k < 0 || seen[k]) fail("it has the key '" + key.substr(0, 40) + "'" + (k < 0 ? "" : " twice"));
      seen[k] = true;
      expect(':');
      if (k == 0) h.descr = descr();
      else if (k == 1) h.fortran_order = boolean();
      else h.shape = tuple();
      if (take('}')) break;
      expect(',');
    }
    if (!seen[0] || !seen[1] || !seen[2]) fail("descr, fortran_order or shape is missing");
    skip();
    if (at_ != text_.size()) fail("there is text after it");
    return h;
  }

 private:
  [[noreturn]] void fail(const std::string& why) const {
    from_.reject("has an invalid header: " + why);
    std::abort();  // unreachable: reject throws
  }
  void skip() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  bool take(char c) {
    skip();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) fail(std::string("a '") + c + "' is missing at byte " + std::to_string(at_));
  }
  std::string quoted() {
    const char quote = take('"') ? '"' : '\'';
    if (quote == '\'') expect('\'');
    const std::size_t stop = text_.find(quote, at_);
    if (stop == std::string::npos) fail("a quote is not closed");
    const std::string s = text_.substr(at_, stop - at_);
    at_ = stop + 1;
    return s;
  }
  std::string descr() {
    if (take('[')) from_.reject("has records instead of elements of one type");
    return quoted();
  }
  bool boolean() {
    skip();
    for (const bool b : {true, false}) {
      const std::string_view word = b ? "True" : "False";
      if (text_.compare(at_, word.size(), word) == 0) {
        at_ += word.size();
        return b;
      }
    }
    fail("fortran_order is neither True nor False");
  }
  Shape tuple() {
    int extents[Shape::max_rank] = {}, rank = 0;
    bool comma = true;
    expect('(');
    while (!take(')')) {
      if (!comma) fail("extents are not separated by commas");
      skip();
      int n = 0;
      const auto [stop, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), n);
      if (error != std::errc() || n < 0) fail("an extent is not an integer that fits an int");
      at_ = static_cast<std::size_t>(stop - text_.data());
      if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // Python 2's long integers
      if (rank == Shape::max_rank) from_.reject("has more than four axes");
      extents[rank++] = n;
      comma = take(',');
    }
    if (rank == 1 && !comma) fail("(n) is not a tuple, (n,) is");
    double size = 1;
    for (int k = 0; k < rank; ++k) size *= extents[k] > 0 ? extents[k] : 1;
    if (size > 9e15) fail("its shape has more entries than can be addressed");
    return Shape(extents, rank);
  }

  const std::string& text_;
  const NpySource& from_;
  std::size_t at_ = 0;
};

}  // namespace

NpyHeader parse_npy_header(const std::string& text, const NpySource& from) { return HeaderParser(text, from).parse(); }

}  // namespace ebb::detail
