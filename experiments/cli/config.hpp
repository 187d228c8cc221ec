#pragma once
#include <ebb/experiments/cli/options.hpp>

namespace ebb::app {

/// The options of a command as a file in TOML: `hidden = 64` for --hidden 64, `task = "adding"` for the positional
/// TASK. Lists may be arrays, strings are taken literally, and a section [train] has options that only that command
/// reads.
///
/// It excludes options without a value, options for the location of the output, and those in `without`.
/// Errors    ValueError if a string contains a line break or both kinds of quotes, which the format cannot represent
std::string config_text(const std::string& command, const Options&, const std::vector<std::string>& without = {});

/// Sets all options that were not given already to the values in the text. `source` is the file's name, for messages.
/// It leaves out the sections in `others`, which the command reads by config_section.
///
/// Errors    ValueError naming file and line: an unknown key (with the most similar one), a key that occurs twice, an
///           unknown section, a value that the option rejects, several values where it takes one
void apply_config(Options&, const std::string& command, const std::string& source, const std::string& text,
                  const std::vector<std::string>& others = {});

/// A section whose keys are no options, such as [grid] of a sweep: its keys in their order, each with its values.
///
/// Errors    ValueError naming file and line: a line of another form, a key that occurs twice
std::vector<std::pair<std::string, std::vector<std::string>>> config_section(const std::string& section,
                                                                             const std::string& source,
                                                                             const std::string& text);

/// A line `key = value` of a file whose keys are no options; an array may span further lines.
struct ConfigLine {
  std::string section, key;         ///< the section is empty before the first one; "a.b" for [a.b]
  std::vector<std::string> values;  ///< of an array, or one
  int line = 1;                     ///< of the key, from 1
};

/// All keys of a file in their order, for a format of its own, such as the protocol of a paper.
///
/// Errors    ValueError naming file and line: a line of another form, a key or a section that occurs twice, a section
///           without keys
std::vector<ConfigLine> config_lines(const std::string& source, const std::string& text);

/// Sets all options to the values in the text, to resume the run that they belong to.
///
/// Errors    as apply_config; ValueError if an option was already given with a different value, unless it is one of
///           `free_ones`
void restore_config(Options&, const std::string& command, const std::string& source, const std::string& text,
                    const std::vector<std::string>& free_ones);

}  // namespace ebb::app
