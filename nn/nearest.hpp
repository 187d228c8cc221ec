#pragma once
#include <string>
#include <vector>

namespace ebb {

/// The candidate nearest to a mistyped word by edit distance, for "did you mean ...?"; empty if none is near.
std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace ebb
