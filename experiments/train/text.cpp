#include <fmt/format.h>
#include <algorithm>
#include <ebb/data/text_file.hpp>
#include <ebb/experiments/report/assets.hpp>
#include <ebb/experiments/train/text.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/printable.hpp>
#include <ebb/ops/utf8.hpp>
#include <functional>

namespace ebb::app {
namespace {

/// False if the bytes are not UTF-8 (including overlong forms and surrogates).
bool decode_all(const std::string& bytes, std::vector<char32_t>& points) {
  points.reserve(bytes.size());
  ebb::detail::BytesOf from{bytes};
  std::string rest;
  while (from.peek() >= 0) {
    const int first = from.get();
    rest.clear();
    if (!ebb::detail::rest_of_point(from, first, rest)) return false;
    auto point = static_cast<char32_t>(rest.empty() ? first : first & (0x3F >> rest.size()));
    for (const char c : rest) point = point << 6 | (static_cast<unsigned char>(c) & 0x3FU);
    points.push_back(point);
  }
  return true;
}

std::string encoded(char32_t p) {
  const auto byte = [](char32_t x) { return static_cast<char>(static_cast<unsigned char>(x)); };
  if (p < 0x80) return {byte(p)};
  if (p < 0x800) return {byte(0xC0 | p >> 6), byte(0x80 | (p & 0x3F))};
  if (p < 0x10000) return {byte(0xE0 | p >> 12), byte(0x80 | (p >> 6 & 0x3F)), byte(0x80 | (p & 0x3F))};
  return {byte(0xF0 | p >> 18), byte(0x80 | (p >> 12 & 0x3F)), byte(0x80 | (p >> 6 & 0x3F)), byte(0x80 | (p & 0x3F))};
}

std::string shown(char32_t p, bool utf8) {
  if (!utf8) return fmt::format("the byte 0x{:02X}", static_cast<unsigned>(p));
  const std::string code = fmt::format("U+{:04X}", static_cast<unsigned>(p));
  return p < ' ' || p == 0x7F ? "the character " + code : fmt::format("the character '{}' ({})", encoded(p), code);
}

std::vector<char32_t> bytes_of(const std::string& bytes) {
  std::vector<char32_t> points;
  points.reserve(bytes.size());
  for (const char c : bytes) points.push_back(static_cast<unsigned char>(c));
  return points;
}

std::vector<char32_t> points_of(const std::string& source, const std::string& bytes, bool utf8) {
  if (!utf8) return bytes_of(bytes);
  std::vector<char32_t> points;
  if (!decode_all(bytes, points))
    throw ValueError(fmt::format("{} is not UTF-8, but the model's tokens are characters", source));
  return points;
}

}  // namespace

std::vector<int> Alphabet::encode(const std::string& where, const std::string& bytes) const {
  const std::vector<char32_t> points = points_of(where, bytes, utf8);
  std::vector<int> tokens;
  tokens.reserve(points.size());
  for (const char32_t p : points) {
    const auto at = std::lower_bound(symbols.begin(), symbols.end(), p);
    if (at == symbols.end() || *at != p)
      throw ValueError(fmt::format("{} in {}, at position {}, is not among the {} in the model's alphabet",
                                   shown(p, utf8), where, tokens.size() + 1, symbols.size()));
    tokens.push_back(static_cast<int>(at - symbols.begin()));
  }
  return tokens;
}

std::string Alphabet::decode(int token) const {
  const char32_t p = symbols.at(static_cast<std::size_t>(token));
  return utf8 ? encoded(p) : std::string(1, static_cast<char>(static_cast<unsigned char>(p)));
}

std::string Alphabet::stored() const {
  std::string text;
  for (const char32_t p : symbols) text += encoded(p);
  return text;
}

Alphabet Alphabet::from_stored(const std::string& text, bool utf8) {
  Alphabet a{.utf8 = utf8, .symbols = points_of("the list of symbols", text, true)};
  const bool rising = std::adjacent_find(a.symbols.begin(), a.symbols.end(), std::greater_equal<>()) == a.symbols.end();
  if (a.symbols.empty() || !rising || (!utf8 && a.symbols.back() > 0xFF))
    throw ValueError("the list of symbols is invalid");
  return a;
}

Text Text::from(std::string source, const std::string& bytes, const Alphabet* known) {
  if (bytes.empty()) throw ValueError(fmt::format("the text '{}' is empty", source));
  Text text;
  if (known) {
    static_cast<Alphabet&>(text) = *known;
  } else {
    text.utf8 = decode_all(bytes, text.symbols);
    if (!text.utf8) text.symbols = bytes_of(bytes);
    std::sort(text.symbols.begin(), text.symbols.end());
    text.symbols.erase(std::unique(text.symbols.begin(), text.symbols.end()), text.symbols.end());
  }
  text.tokens = text.encode(fmt::format("the text '{}'", source), bytes);
  text.source = std::move(source);
  return text;
}

Text Text::read(const std::string& path, const Alphabet* known) {
  return from(ebb::detail::printable(path), read_text(path), known);
}

Text Text::built_in(const Alphabet* known) {
  return from("tiny Shakespeare, built in", std::string(assets::tinyshakespeare, assets::tinyshakespeare_size), known);
}

}  // namespace ebb::app
