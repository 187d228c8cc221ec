#pragma once
#include <string>

namespace ebb::detail {

/// Whether an option can have this name, on the command line and after the name of a cell, an optimiser, ...:
/// lower-case letters, digits, dashes and underscores, the first a letter or a digit.
bool is_option_name(const std::string&);

/// Errors    ValueError "WHO declares the option 'NAME': ...", with the rule, for any other name
void check_option_name(const std::string& who, const std::string& name);

}  // namespace ebb::detail
