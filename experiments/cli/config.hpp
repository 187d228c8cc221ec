#pragma once
#include <ebb/experiments/cli/options.hpp>

namespace ebb::app {

/// The options of a command as a file in TOML: `hidden = 64` for --hidden 64, `task = "adding"` for the positional
/// TASK. Lists may be arrays, strings are taken as they stand, and a section [train] holds what only that command
/// reads.
///
/// Left out are options without a value, those that say where a run is written, and `without`.
/// Errors    ValueError if a string has a line's end, or quotes of both kinds, which no line of the file can hold
std::string config_text(const std::string& command, const Options&, const std::vector<std::string>& without = {});

/// Gives the values of the text to all options that were not given already. `source` is the file's name, for messages.
///
/// Errors    ValueError naming file and line: an unknown key (with the nearest), one that stands there twice, an
///           unknown section, a value that the option does not take, several where it takes one
void apply_config(Options&, const std::string& command, const std::string& source, const std::string& text);

/// Gives the values of the text to all options, as a run had them that is taken up again.
///
/// Errors    as apply_config; ValueError if an option was given already with another value, unless it is one of
///           `free_ones`
void restore_config(Options&, const std::string& command, const std::string& source, const std::string& text,
                    const std::vector<std::string>& free_ones);

}  // namespace ebb::app
