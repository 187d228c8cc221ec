#pragma once
#include <string>
#include <vector>

namespace ebb::app {

/// Sentences whose words each have a tag: those of train, then of valid, then of test.
struct TaggedText {
  std::vector<std::vector<std::string>> words, tags;  ///< of each sentence
  std::vector<int> cut{0};                            ///< where train, valid and test end
  std::string source;                                 ///< what was read
};

/// The folder with train.tsv, dev.tsv and test.tsv: that one, its folder `ud-ewt`, or, if it is empty, EBB_DATA's.
///
/// Errors    FileError that says what is expected, and where it was looked for
std::string find_tagged_text(const std::string& folder);

/// Errors    FileError naming file and line, where there is neither a word, a tab and its tag nor an empty line; a file
///           without sentence
TaggedText read_tagged_text(const std::string& folder);

/// 420 sentences of made-up words.
TaggedText made_up_tagged_text();

}  // namespace ebb::app
