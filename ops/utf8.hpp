#pragma once
#include <string>
#include <string_view>

/// UTF-8 validation. Internal.
namespace ebb::detail {

/// Reads the rest of a code point whose first byte is `first`; false if it is not UTF-8 (overlong forms and surrogates
/// are invalid). A source has peek and get, which return a byte, or a negative value at the end.
template <class Source> bool rest_of_point(Source& from, int first, std::string& to) {
  const int more = first < 0x80 ? 0 : first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
  if ((first >= 0x80 && first < 0xC2) || first > 0xF4) return false;
  for (int k = 1; k <= more; ++k) {
    const int c = from.peek();
    const int least = k > 1 ? 0x80 : first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    const int last = k > 1 ? 0xBF : first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (c < least || c > last) return false;
    to.push_back(static_cast<char>(from.get()));
  }
  return true;
}

/// Bytes in memory as a source.
struct BytesOf {
  std::string_view bytes;
  std::size_t next = 0;
  int peek() const { return next < bytes.size() ? static_cast<unsigned char>(bytes[next]) : -1; }
  int get() { return next < bytes.size() ? static_cast<unsigned char>(bytes[next++]) : -1; }
  std::size_t at() const { return next; }
};

inline bool is_utf8(std::string_view text) {
  BytesOf from{text};
  std::string point;
  while (from.peek() >= 0) {
    point.clear();
    if (!rest_of_point(from, from.get(), point)) return false;
  }
  return true;
}

}  // namespace ebb::detail
