#include <fmt/format.h>
#include <ebb/experiments/tasks/tags/data.hpp>
#include <ebb/experiments/train/data_files.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/random.hpp>

namespace ebb::app {
namespace {

void add(TaggedText& text, std::vector<std::string>& words, std::vector<std::string>& tags) {
  if (words.empty()) return;
  text.words.push_back(std::move(words));
  text.tags.push_back(std::move(tags));
  words.clear();
  tags.clear();
}

void read_tagged(TaggedText& text, const std::string& path) {
  const std::vector<std::string> lines = read_lines(path);
  std::vector<std::string> words, tags;
  for (std::size_t k = 0; k < lines.size(); ++k) {
    if (lines[k].empty()) {
      add(text, words, tags);
      continue;
    }
    const std::size_t tab = lines[k].find('\t');
    if (tab == 0 || tab == std::string::npos || tab + 1 == lines[k].size() ||
        lines[k].find('\t', tab + 1) != std::string::npos)
      throw FileError(fmt::format("'{}', line {}: must be a word, a tab and its tag, or an empty line after a sentence",
                                  path, k + 1));
    words.push_back(lines[k].substr(0, tab));
    tags.push_back(lines[k].substr(tab + 1));
  }
  add(text, words, tags);
  if (static_cast<int>(text.words.size()) == text.cut.back())
    throw FileError(fmt::format("'{}': contains no sentences", path));
  text.cut.push_back(static_cast<int>(text.words.size()));
  text.source +=
      fmt::format("{}{}, {}", text.source.empty() ? "" : "; ", path.substr(path.rfind('/') + 1), fingerprint(lines));
}

}  // namespace

std::string find_tagged_text(const std::string& folder) {
  return find_data(
      {"tags",
       {"train.tsv", "dev.tsv", "test.tsv"},
       {"", "ud-ewt"},
       {},
       "train.tsv, dev.tsv and test.tsv: lines of a word, a tab and its tag, with an empty line after each sentence"},
      folder);
}

TaggedText read_tagged_text(const std::string& folder) {
  TaggedText text;
  for (const char* name : {"train", "dev", "test"}) read_tagged(text, fmt::format("{}/{}.tsv", folder, name));
  return text;
}

// The tag depends on a word's ending, so that a model that reads letters can tag unseen words; one ending is ambiguous,
// and only the previous word resolves it.
TaggedText made_up_tagged_text() {
  const Key key = Key{1}.named("tags");
  TaggedText text;
  std::uint64_t at = 0;
  const auto stem = [&] {
    std::string word;
    for (int k = 0; k < 2; ++k) {
      word += fmt::format("{:c}{:c}", "bdfgklmnprst"[key.below(12, at)], "aeiou"[key.below(5, at + 1)]);
      at += 2;
    }
    return word;
  };
  for (const int sentences : {300, 60, 60}) {
    for (int k = 0; k < sentences; ++k) {
      std::vector<std::string> words, tags;
      const auto put = [&](const std::string& word, const char* tag) {
        words.push_back(word);
        tags.emplace_back(tag);
      };
      for (int part = 0; part < 2; ++part) {
        put("the", "DET");
        if (key.below(2, at++)) put(stem() + "ish", "ADJ");
        put(stem() + "s", "NOUN");
        put(stem() + "s", "VERB");
        if (key.below(2, at++)) put(stem() + "ly", "ADV");
      }
      add(text, words, tags);
    }
    text.cut.push_back(static_cast<int>(text.words.size()));
  }
  text.source = "generated, 420 sentences";
  return text;
}

}  // namespace ebb::app
