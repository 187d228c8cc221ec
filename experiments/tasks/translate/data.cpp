#include <fmt/format.h>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/tasks/translate/data.hpp>
#include <ebb/experiments/tasks/translate/dates.hpp>
#include <ebb/experiments/train/data_files.hpp>
#include <ebb/ops/error.hpp>
#include <sstream>

namespace ebb::app {
namespace {

ParallelText::Split split_of(const std::vector<WrittenDate>& dates) {
  ParallelText::Split s;
  for (const WrittenDate& d : dates) {
    s.source.push_back(d.written);
    s.target.push_back(d.iso);
  }
  return s;
}

std::vector<std::string> read_side(const std::string& path, std::string& about) {
  std::vector<std::string> lines = read_lines(path);
  for (std::size_t k = 0; k < lines.size(); ++k)
    if (cut(Symbols::words, lines[k]).empty())
      throw FileError(fmt::format("'{}', line {}: is empty, but a sentence is expected", path, k + 1));
  if (lines.empty()) throw FileError(fmt::format("'{}': contains no sentences", path));
  about += fmt::format("{}{}, {}", about.empty() ? "" : "; ", path.substr(path.rfind('/') + 1), fingerprint(lines));
  return lines;
}

ParallelText::Split read_split(const std::string& folder, const char* name, std::string& about) {
  const std::string source = fmt::format("{}/{}.en", folder, name), target = fmt::format("{}/{}.fr", folder, name);
  ParallelText::Split s{read_side(source, about), read_side(target, about)};
  if (s.source.size() != s.target.size())
    throw FileError(fmt::format("'{}' has {}, but '{}' has {}: the files must correspond line by line", source,
                                count_text(static_cast<double>(s.source.size()), "line"), target, s.target.size()));
  return s;
}

// UTF-8 continuation bytes.
bool goes_on(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

}  // namespace

ParallelText date_text(int train, int valid, int test) {
  const DateSplits d = written_dates(train, valid, test);
  return {split_of(d.train), split_of(d.valid), split_of(d.test), Symbols::characters,
          fmt::format("generated dates, {} for training, {} and {} for validation and test, on different days",
                      count_text(train), count_text(valid), count_text(test))};
}

ParallelText multi30k_text(const std::string& folder) {
  ParallelText t;
  t.train = read_split(folder, "train", t.about);
  t.valid = read_split(folder, "val", t.about);
  t.test = read_split(folder, "test2016", t.about);
  return t;
}

std::vector<std::string> cut(Symbols symbols, const std::string& line) {
  std::vector<std::string> parts;
  if (symbols == Symbols::words) {
    std::istringstream in(line);
    for (std::string word; in >> word;) parts.push_back(word);
    return parts;
  }
  for (const char c : line) {
    if (parts.empty() || !goes_on(c)) parts.emplace_back();
    parts.back() += c;
  }
  return parts;
}

std::string joined(Symbols symbols, const std::vector<std::string>& parts) {
  std::string line;
  for (const std::string& part : parts) line += (line.empty() || symbols != Symbols::words ? "" : " ") + part;
  return line;
}

std::string as_multi30k(const std::string& prompt) {
  constexpr std::string_view marks = ",.!?;:", closing = ",.!?;:)\"'", blanks = " \t";
  const auto blank = [&](std::size_t k) {
    return k >= prompt.size() || blanks.find(prompt[k]) != std::string_view::npos;
  };
  std::string line;
  for (std::size_t k = 0; k < prompt.size(); ++k) {
    const char c = prompt[k];
    const bool last = blank(k + 1), ends = blank(prompt.find_first_not_of(closing, k));  // npos is also past the end
    if (c == '\'') line += last ? "&apos; " : " &apos;";
    else if (c == '"') line += " &quot; ";
    else if (c == '(' || c == ')') line += fmt::format(" {} ", c);
    else if (ends && marks.find(c) != std::string_view::npos) line += fmt::format(" {}{}", c, last ? "" : " ");
    else line += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return line;
}

std::string readable(std::string symbol) {
  static const std::pair<std::string, std::string> marks[] = {{"&apos;", "'"}, {"&quot;", "\""}, {"&amp;", "&"}};
  for (const auto& [escaped, mark] : marks)
    for (std::size_t at = 0; (at = symbol.find(escaped, at)) != std::string::npos; ++at)
      symbol.replace(at, escaped.size(), mark);
  return symbol;
}

Language::Language(Symbols symbols, const std::vector<std::string>& lines, int least)
    : vocabulary([&] {
        std::string text;
        for (const std::string& line : lines) text += symbols == Symbols::words ? line + "\n" : line;
        return Vocabulary::from_text(symbols, text, {.min_count = least, .bos = true, .eos = true});
      }()) {}

Sentence Language::encode(const std::string& line) const {
  Sentence numbers;
  for (const std::string& symbol : cut(vocabulary.symbols(), line)) {
    const int id = vocabulary.find(symbol);
    numbers.push_back(id <= vocabulary.eos() ? vocabulary.unknown() : id);  // a word spelled <eos> is not the end token
  }
  return numbers;
}

}  // namespace ebb::app
