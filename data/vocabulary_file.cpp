#include <fmt/format.h>
#include <algorithm>
#include <ebb/data/byte_reader.hpp>
#include <ebb/data/next_symbol.hpp>
#include <ebb/data/symbol_table.hpp>
#include <ebb/ops/new_file.hpp>

namespace ebb::detail {

namespace {

constexpr const char* kinds[] = {"characters", "bytes", "words"};

bool is_special(const std::string& s) {
  return std::find(std::begin(special_names), std::end(special_names), s) != std::end(special_names);
}

int digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

/// The inverse of `escaped`; false if the line is not valid.
bool unescape(const std::string& line, std::string& symbol) {
  symbol.clear();
  for (std::size_t k = 0; k < line.size(); ++k) {
    if (line[k] != '\\') {
      symbol += line[k];
      continue;
    }
    const char c = ++k < line.size() ? line[k] : '\0';
    if (c == 'x') {
      if (line.size() - k <= 2 || digit(line[k + 1]) < 0 || digit(line[k + 2]) < 0) return false;
      symbol += static_cast<char>(16 * digit(line[k + 1]) + digit(line[k + 2]));
      k += 2;
    } else if (c == 'n' || c == 't' || c == '\\') {
      symbol += c == 'n' ? '\n' : c == 't' ? '\t' : '\\';
    } else {
      return false;
    }
  }
  return true;
}

bool is_one(const std::string& s, Symbols kind) {
  if (s.empty()) return false;
  if (is_special(s)) return true;
  if (kind == Symbols::bytes) return s.size() == 1;
  if (kind == Symbols::words)
    return s.size() <= longest_word &&
           std::none_of(s.begin(), s.end(), [](char c) { return is_space(static_cast<unsigned char>(c)); });
  BytesOf from{s};
  std::string point;
  return rest_of_point(from, from.get(), point) && from.next == s.size();
}

}  // namespace

std::string escaped(std::string_view symbol, Symbols kind) {
  std::string line;
  for (const char c : symbol) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') line += "\\n";
    else if (c == '\t') line += "\\t";
    else if (c == '\\') line += "\\\\";
    else if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && kind == Symbols::bytes))
      line += fmt::format("\\x{:02x}", byte);
    else line += c;
  }
  return line;
}

std::vector<std::string> load_symbols(const std::string& path, Symbols& kind) {
  ByteReader file(path, Content::text);
  std::string line, symbol;
  const std::string begin = "ebb vocabulary of ";
  file.line(line);
  const auto found = std::find_if(std::begin(kinds), std::end(kinds), [&](const char* k) { return line == begin + k; });
  if (found == std::end(kinds))
    file.reject("is not a vocabulary: its first line is not \"ebb vocabulary of words\", characters or bytes");
  kind = static_cast<Symbols>(found - std::begin(kinds));
  SymbolMap<std::uint64_t> seen;
  std::vector<std::string> list;
  while (file.line(line)) {
    if (!unescape(line, symbol))
      file.reject_line("a backslash must be followed by n, t, x and two digits, or a backslash");
    if (!is_one(symbol, kind))
      file.reject_line(fmt::format("is not one of the {} a text can have", kinds[static_cast<int>(kind)]));
    const auto [at, fresh] = seen.emplace(symbol, file.line_number());
    if (!fresh) file.reject_line(fmt::format("repeats the symbol of line {}", at->second));
    list.push_back(symbol);
  }
  if (list.empty()) file.reject("has no symbols");
  return list;
}

void save_symbols(const std::string& path, Symbols kind, const std::vector<std::string>& list) {
  std::string all = fmt::format("ebb vocabulary of {}\n", kinds[static_cast<int>(kind)]);
  for (const std::string& s : list) all += escaped(s, kind) + "\n";
  NewFile file(path);
  file.write(all.data(), all.size());
  file.publish();
}

}  // namespace ebb::detail
