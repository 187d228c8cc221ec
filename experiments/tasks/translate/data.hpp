#pragma once
#include <ebb/data/vocabulary.hpp>
#include <ebb/experiments/train/task.hpp>
#include <ebb/nn/decoding/metrics_text.hpp>
#include <string>
#include <vector>

namespace ebb::app {

/// Sentences and their translations, line by line.
struct ParallelText {
  struct Split {
    std::vector<std::string> source, target;
  };
  Split train, valid, test;
  Symbols symbols = Symbols::words;  ///< the units of both
  std::string about{};               ///< description of the data
};

/// Dates in various formats, and in ISO format, by characters.
ParallelText date_text(int train, int valid, int test);

/// train, val and test2016, each .en and .fr, in a folder: one sentence per line, with words separated by spaces.
///
/// Errors    FileError naming file and line: an empty line, a line that is not UTF-8, files with different numbers of
///           lines, or an empty file
ParallelText multi30k_text(const std::string& folder);

/// The symbols of a line.
std::vector<std::string> cut(Symbols, const std::string& line);
/// The line made of these symbols.
std::string joined(Symbols, const std::vector<std::string>&);

/// A prompt in the form of Multi30k: lower case, brackets and punctuation at the end of words as separate tokens, and
/// escaped apostrophes.
///
///     "The woman's dog runs." -> "the woman &apos;s dog runs ."
std::string as_multi30k(const std::string& prompt);
/// A symbol as it is usually written: "l&apos;" -> "l'". For display only, not for measures.
std::string readable(std::string symbol);

/// One side of a parallel text as token ids. Symbols that are rare in training are unknown.
struct Language {
  Vocabulary vocabulary;
  /// Constructed from the training lines; words must occur at least `least` times.
  Language(Symbols, const std::vector<std::string>& lines, int least);
  Sentence encode(const std::string& line) const;
};

}  // namespace ebb::app
