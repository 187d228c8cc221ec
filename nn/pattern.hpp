#pragma once
#include <ebb/autograd/leaf.hpp>
#include <string>

namespace ebb::detail {

/// Whether a name matches a shell-style pattern: "*" matches any characters, including "/", "?" any one, "[hx]" one of
/// those listed.
bool fits(const char* pattern, const char* name);

/// Errors    ValueError if the pattern matches no parameter, suggesting the nearest name
void check_fits(const char* who, const LeafSet&, const std::string& pattern);

}  // namespace ebb::detail
