#include <fnmatch.h>

#include <fmt/format.h>
#include <algorithm>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/pattern.hpp>
#include <ebb/ops/error.hpp>

namespace ebb::detail {

bool fits(const char* pattern, const char* name) { return ::fnmatch(pattern, name, 0) == 0; }

void check_fits(const char* who, const LeafSet& set, const std::string& pattern) {
  std::vector<std::string> names;
  for (int k = 0; k < set.count(); ++k) {
    if (fits(pattern.c_str(), set[k].name())) return;
    names.emplace_back(set[k].name());
  }
  std::string bare = pattern;
  std::erase(bare, '*');
  std::vector<std::string> ends;  // "*/bias" is near the end of "rnn/b", not near all of it
  for (const std::string& n : names) ends.push_back(n.substr(n.rfind('/') == std::string::npos ? 0 : n.rfind('/')));
  std::string near = nearest(bare, names);
  if (const std::string end = nearest(bare, ends); near.empty() && !end.empty())
    near = names[static_cast<std::size_t>(std::find(ends.begin(), ends.end(), end) - ends.begin())];
  if (near.empty() && !names.empty()) near = names.front();
  throw ValueError(fmt::format("{}: no parameter matches '{}'{}", who, pattern,
                               near.empty() ? "" : "; did you mean '" + near + "'?"));
}

}  // namespace ebb::detail
