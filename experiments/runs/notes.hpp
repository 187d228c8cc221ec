#pragma once
#include <ebb/experiments/runs/database.hpp>
#include <map>
#include <string>
#include <vector>

namespace ebb::app::runs {

/// What the user added to a run: notes.json in its folder.
struct Notes {
  std::vector<std::string> tags{};  ///< sorted
  std::string note{};
  bool operator==(const Notes&) const = default;
};

/// Errors    FileError if notes.json is damaged
Notes read_notes(const std::string& folder);
/// Errors    FileError if it cannot be written
void write_notes(const std::string& folder, const Notes&);
void add_notes(std::map<std::string, Value>&, const Notes&);
/// Errors    ValueError if the word cannot be a tag: it is empty, or has blanks, commas or bytes that are not UTF-8
void check_tag(const std::string&);

}  // namespace ebb::app::runs
