#include <algorithm>
#include <ebb/experiments/assets.hpp>
#include <ebb/experiments/run_folder.hpp>
#include <ebb/experiments/text.hpp>
#include <ebb/ops/error.hpp>
#include <fmt/format.h>

namespace ebb {
namespace {

// Decodes one code point at `at` and moves on; false if the bytes are not UTF-8 (too long forms and surrogates included).
bool decode(const std::string& s, std::size_t& at, char32_t& point) {
  const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(s[k]); };
  const unsigned first = byte(at);
  const int more = first < 0x80 ? 0 : first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
  if ((first >= 0x80 && first < 0xC2) || first > 0xF4 || at + static_cast<std::size_t>(more) >= s.size()) return false;
  point = more == 0 ? first : first & (0x3Fu >> more);
  for (int k = 1; k <= more; ++k) {
    const unsigned next = byte(at + static_cast<std::size_t>(k));
    if ((next & 0xC0) != 0x80) return false;
    point = point << 6 | (next & 0x3F);
  }
  constexpr char32_t least[] = {0, 0x80, 0x800, 0x10000};
  if (point < least[more] || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) return false;
  at += static_cast<std::size_t>(more) + 1;
  return true;
}

bool decode_all(const std::string& bytes, std::vector<char32_t>& points) {
  points.reserve(bytes.size());
  char32_t point = 0;
  for (std::size_t at = 0; at < bytes.size(); points.push_back(point))
    if (!decode(bytes, at, point)) return false;
  return true;
}

}  // namespace

Text Text::from(std::string source, const std::string& bytes) {
  if (bytes.empty()) throw ValueError(fmt::format("the text '{}' is empty", source));
  Text text;
  text.source = std::move(source);
  std::vector<char32_t> points;
  text.utf8 = decode_all(bytes, points);
  if (!text.utf8) {
    points.clear();
    for (const char c : bytes) points.push_back(static_cast<unsigned char>(c));
  }
  text.symbols = points;
  std::sort(text.symbols.begin(), text.symbols.end());
  text.symbols.erase(std::unique(text.symbols.begin(), text.symbols.end()), text.symbols.end());
  text.tokens.reserve(points.size());
  for (const char32_t p : points)
    text.tokens.push_back(
        static_cast<int>(std::lower_bound(text.symbols.begin(), text.symbols.end(), p) - text.symbols.begin()));
  return text;
}

Text Text::read(const std::string& path) { return from(path, read_file(path)); }

Text Text::built_in() {
  return from("tiny Shakespeare, built in", std::string(assets::tinyshakespeare, assets::tinyshakespeare_size));
}

}  // namespace ebb
