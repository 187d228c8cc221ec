#include <ebb/data/text_encoding.hpp>
#include <ebb/ops/utf8.hpp>

namespace ebb::detail {

namespace {

/// Whether the bytes are Latin letters in UTF-16, of which every second byte is zero.
bool is_utf16(std::string_view bytes, bool zero_first) {
  for (std::size_t k = 0; k < bytes.size(); ++k)
    if ((bytes[k] == 0) != ((k % 2 == 0) == zero_first)) return false;
  return !bytes.empty() && bytes.size() % 2 == 0;
}

/// Whether the bytes are characters of the basic plane in UTF-32: two zero bytes and two that are not both zero.
bool is_utf32(std::string_view bytes, bool zeros_first) {
  for (std::size_t k = 0; k + 4 <= bytes.size(); k += 4) {
    const std::string_view high = bytes.substr(k + (zeros_first ? 0 : 2), 2),
                           low = bytes.substr(k + (zeros_first ? 2 : 0), 2);
    if (high[0] != 0 || high[1] != 0 || (low[0] == 0 && low[1] == 0)) return false;
  }
  return !bytes.empty() && bytes.size() % 4 == 0;
}

/// Whether the bytes are text in UTF-16 in any script, which is judged by what no other text has: control characters in
/// nearly every high byte or, in Chinese, Japanese and Korean, bytes that are not UTF-8, control characters among them,
/// and spaces, line ends or full stops of two bytes. (uchardet takes UTF-16 without a byte order mark for ASCII.)
bool is_utf16_script(std::string_view bytes, bool high_first, bool utf8) {
  int units = 0, low_scripts = 0, ideographs = 0, stops = 0, high_controls = 0, low_controls = 0;
  const auto is_control = [](int byte) {  // that no text has: bells, escapes and line ends are not counted
    return byte < 0x07 || (byte > 0x0D && byte < 0x20 && byte != 0x1A && byte != 0x1B);
  };
  for (std::size_t k = 0; k + 2 <= bytes.size(); k += 2, ++units) {
    const int first = static_cast<unsigned char>(bytes[k]), second = static_cast<unsigned char>(bytes[k + 1]);
    const int high = high_first ? first : second, low = high_first ? second : first, unit = 256 * high + low;
    if (unit < 0x20 ? is_control(unit) : unit >= 0x7F && unit < 0xA0) return false;
    if ((high >= 0xE0 && high < 0xF9) || unit >= 0xFFFE) return false;  // private use, no characters
    low_scripts += high < 0x20;  // alphabets, and the spaces and line ends of all scripts
    ideographs += (high >= 0x30 && high < 0xA0) || (high >= 0xAC && high < 0xE0) || high == 0xFF;  // and surrogates
    stops += unit == '\n' || unit == '\r' || unit == ' ' || (unit >= 0x3000 && unit <= 0x3002) || unit == 0xFF0C;
    high_controls += is_control(high);
    low_controls += is_control(low);
  }
  if (units == 0 || bytes.size() % 2 != 0) return false;
  if (4 * low_scripts >= 3 * units && 10 * high_controls >= units && 3 * low_controls <= 2 * units) return true;
  if (utf8 || 4 * (low_scripts + ideographs) < 3 * units) return false;
  return 25 * (high_controls + low_controls) >= units && stops > 0 && 100 * stops >= units;  // else bytes of any kind
}

/// Whether the beginning of a text is UTF-8; its last character may be incomplete.
bool begins_as_utf8(std::string_view begin) {
  for (std::size_t cut = 0; cut < 4 && cut <= begin.size(); ++cut)
    if (is_utf8(begin.substr(0, begin.size() - cut))) return true;
  return false;
}

}  // namespace

const char* other_encoding(std::string_view begin) {
  using namespace std::string_view_literals;
  if (begin.starts_with("\xff\xfe\0\0"sv) || begin.starts_with("\0\0\xfe\xff"sv)) return "UTF-32";
  if (begin.starts_with("\xff\xfe"sv) || begin.starts_with("\xfe\xff"sv)) return "UTF-16";
  const std::string_view bytes = begin.substr(0, 24);  // or the whole text, if it is shorter
  if (is_utf32(bytes, false)) return "UTF-32LE";
  if (is_utf32(bytes, true)) return "UTF-32BE";
  if (is_utf16(bytes, false)) return "UTF-16LE";
  if (is_utf16(bytes, true)) return "UTF-16BE";
  const std::string_view sample = begin.substr(0, 4096);
  const bool utf8 = begins_as_utf8(sample);
  if (is_utf16_script(sample, false, utf8)) return "UTF-16LE";
  return is_utf16_script(sample, true, utf8) ? "UTF-16BE" : nullptr;
}

}  // namespace ebb::detail
