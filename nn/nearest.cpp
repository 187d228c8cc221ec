#include <algorithm>
#include <ebb/nn/nearest.hpp>
#include <ebb/ops/lower_case.hpp>

namespace ebb {

namespace {

// Counts insertions, deletions, replacements and swaps of adjacent letters (optimal string alignment).
int edit_distance(const std::string& a, const std::string& b) {
  const std::size_t n = b.size() + 1;
  std::vector<int> before(n), last(n), now(n);
  for (std::size_t j = 0; j < n; ++j) last[j] = static_cast<int>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = static_cast<int>(i);
    for (std::size_t j = 1; j < n; ++j) {
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) now[j] = std::min(now[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(now);
  }
  return last[n - 1];
}

}  // namespace

std::string nearest(const std::string& word, const std::vector<std::string>& candidates) {
  if (word.empty() || word.size() > 200) return "";
  const std::string typed = detail::lower_case(word);
  std::string best;
  int least = std::max(1, static_cast<int>(typed.size() + 1) / 3) + 1;  // a third of the letters may be wrong
  for (const std::string& c : candidates) {
    const int d = edit_distance(typed, detail::lower_case(c));
    if (d < least) {
      least = d;
      best = c;
    }
  }
  return best;
}

}  // namespace ebb
