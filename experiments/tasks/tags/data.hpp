#pragma once
#include <string>
#include <vector>

namespace ebb::app {

/// Tagged sentences: those of train, then of valid, then of test.
struct TaggedText {
  std::vector<std::vector<std::string>> words, tags;  ///< by sentence
  std::vector<int> cut{0};                            ///< where train, valid and test end
  std::string source;                                 ///< description of the data
};

/// The folder with train.tsv, dev.tsv and test.tsv: the given one, its subfolder `ud-ewt`, or, if empty, that of
/// EBB_DATA.
///
/// Errors    FileError stating what is expected and where it was searched
std::string find_tagged_text(const std::string& folder);

/// Errors    FileError naming file and line, for a line that is neither a word, a tab and its tag nor empty, and for a
///           file without sentences
TaggedText read_tagged_text(const std::string& folder);

/// 420 sentences of generated words.
TaggedText made_up_tagged_text();

}  // namespace ebb::app
