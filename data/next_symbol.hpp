#pragma once
#include <ebb/data/vocabulary.hpp>
#include <ebb/ops/utf8.hpp>

namespace ebb::detail {

constexpr std::size_t longest_word =
    std::size_t{1} << 20;  // bytes; a limit, so that a file without white space does not exhaust memory

inline bool is_space(int c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// The next symbol of a source of bytes (peek, get, at, reject); false at its end. With `line_ends` and words, the end
/// of a line is the symbol "\n".
template <class Source> bool next_symbol(Source& from, Symbols kind, std::string& to, bool line_ends = false) {
  to.clear();
  if (kind == Symbols::words)
    while (is_space(from.peek()) && !(line_ends && from.peek() == '\n')) from.get();
  const int c = from.get();
  if (c < 0) return false;
  to.push_back(static_cast<char>(c));
  if (kind == Symbols::bytes || (kind == Symbols::words && c == '\n')) return true;
  if (kind == Symbols::characters) {
    const std::uint64_t at = from.at() - 1;
    if (!rest_of_point(from, c, to)) from.reject("is not UTF-8 at byte " + std::to_string(at));
    return true;
  }
  while (from.peek() >= 0 && !is_space(from.peek())) {
    if (to.size() == longest_word)
      from.reject("a word before byte " + std::to_string(from.at()) + " is longer than 1 MiB");
    to.push_back(static_cast<char>(from.get()));
  }
  return true;
}

}  // namespace ebb::detail
