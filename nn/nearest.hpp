#pragma once
#include <string>
#include <vector>

namespace ebb {

/// The candidate nearest to a mistyped word by edit distance, empty if none is near: "did you mean ...?".
std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace ebb
