#pragma once
#include <ebb/data/vocabulary.hpp>
#include <ebb/experiments/train/task.hpp>
#include <ebb/nn/decoding/metrics_text.hpp>
#include <string>
#include <vector>

namespace ebb::app {

/// Sentences and their translations, line beside line.
struct ParallelText {
  struct Split {
    std::vector<std::string> source, target;
  };
  Split train, valid, test;
  Symbols symbols = Symbols::words;  ///< what both are cut into
  std::string about{};               ///< what was read, for the record
};

/// Dates written out, and in ISO form, by characters.
ParallelText date_text(int train, int valid, int test);

/// train, val and test2016, each .en and .fr, in a folder: a sentence a line, its words parted by blanks.
///
/// Errors    FileError naming file and line: an empty line, one that is not UTF-8, files of different numbers of lines,
///           or none
ParallelText multi30k_text(const std::string& folder);

/// The symbols of a line.
std::vector<std::string> cut(Symbols, const std::string& line);
/// And the line of symbols.
std::string joined(Symbols, const std::vector<std::string>&);

/// A prompt as Multi30k has its sentences: lower case, marks at the end of words and brackets for themselves, the
/// apostrophe spelt out.
///
///     "The woman's dog runs." -> "the woman &apos;s dog runs ."
std::string as_multi30k(const std::string& prompt);
/// A symbol as people write it: "l&apos;" -> "l'". For reading alone, not for measures.
std::string readable(std::string symbol);

/// One side of a parallel text in numbers. Symbols that are rare in training are unknown.
struct Language {
  Vocabulary vocabulary;
  /// Made from the lines of training; of words only those that occur at least `least` times.
  Language(Symbols, const std::vector<std::string>& lines, int least);
  Sentence encode(const std::string& line) const;
};

}  // namespace ebb::app
