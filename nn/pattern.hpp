#pragma once
#include <ebb/autograd/leaf.hpp>
#include <string>

namespace ebb::detail {

/// Whether a name fits a pattern as the shell's file names do: "*" stands for any letters, also "/", "?" for any one,
/// "[hx]" for one of these.
bool fits(const char* pattern, const char* name);

/// Errors    ValueError if the pattern fits no parameter, with the nearest names there are
void check_fits(const char* who, const LeafSet&, const std::string& pattern);

}  // namespace ebb::detail
