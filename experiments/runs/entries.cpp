#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/runs/entries.hpp>
#include <set>

namespace ebb::app::runs {
namespace {

// Options that do not change what a seed of a run computes.
const std::set<std::string> free_options{"threads", "checkpoint_every", "seeds", "seed"};

std::set<std::string> options_of(const std::vector<RunRecord>& runs) {
  std::set<std::string> all{"command"};
  for (const RunRecord& run : runs) all.insert(run.options.begin(), run.options.end());
  return all;
}

bool same_options(const RunRecord& a, const RunRecord& b, const std::set<std::string>& names) {
  return std::all_of(names.begin(), names.end(), [&](const std::string& name) {
    return free_options.contains(name) || text_of(a[name]) == text_of(b[name]);
  });
}

std::vector<std::uint64_t> seeds_of(const RunRecord& run) {
  const auto first = static_cast<std::uint64_t>(std::max(0.0, number_of(run["seed"]).value_or(1)));
  const double n = std::clamp(number_of(run["seeds"]).value_or(1), 1.0, 1000.0);
  std::vector<std::uint64_t> seeds(static_cast<std::size_t>(n));
  for (std::size_t k = 0; k < seeds.size(); ++k) seeds[k] = first + k;
  return seeds;
}

bool share_a_seed(const std::vector<std::uint64_t>& a, const std::vector<std::uint64_t>& b) {
  return std::any_of(a.begin(), a.end(), [&](auto seed) { return std::find(b.begin(), b.end(), seed) != b.end(); });
}

std::string label_of(const RunEntry& entry, const std::vector<std::string>& differing) {
  std::vector<std::string> words;
  for (const std::string& name : differing) {
    const std::string value = text_of(entry.runs.front()[name]);
    const bool plain = name == "cell" || name == "task" || name == "command";
    if (!value.empty() && !free_options.contains(name)) words.push_back(plain ? value : name + "=" + value);
  }
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string name_of(const RunEntry& entry) {
  const std::size_t more = entry.runs.size() - 1;
  return entry.runs.front().name + (more == 0 ? "" : fmt::format(" and {} more", more));
}

}  // namespace

std::string RunEntry::text(const std::string& column) const {
  std::vector<std::string> values;
  for (const RunRecord& run : runs)
    if (const std::string value = text_of(run[column]);
        !value.empty() && std::find(values.begin(), values.end(), value) == values.end())
      values.push_back(value);
  return fmt::format("{}", fmt::join(values, ", "));
}

double RunEntry::sum(const std::string& column) const {
  double sum = 0, n = 0;
  for (const RunRecord& run : runs)
    if (const auto x = number_of(run[column])) {
      sum += *x;
      n += 1;
    }
  return n > 0 ? sum : NAN;
}

double RunEntry::mean(const std::string& column) const {
  const auto n =
      std::count_if(runs.begin(), runs.end(), [&](const RunRecord& r) { return number_of(r[column]).has_value(); });
  return sum(column) / static_cast<double>(n);
}

std::vector<std::string> differing_options(const std::vector<RunRecord>& runs) {
  std::set<std::string> all = options_of(runs);
  std::vector<std::string> found;
  for (const char* first : {"command", "task", "cell"})  // before the others
    if (all.erase(first) > 0) found.emplace_back(first);
  found.insert(found.end(), all.begin(), all.end());
  std::erase_if(found, [&](const std::string& name) {
    return std::all_of(runs.begin(), runs.end(),
                       [&](const RunRecord& run) { return text_of(run[name]) == text_of(runs.front()[name]); });
  });
  return found;
}

std::vector<RunEntry> entries_of(const std::vector<RunRecord>& runs) {
  const std::set<std::string> names = options_of(runs);
  std::vector<RunEntry> entries;
  for (const RunRecord& run : runs) {
    const std::vector<std::uint64_t> seeds = seeds_of(run);
    auto to = std::find_if(entries.begin(), entries.end(), [&](const RunEntry& e) {
      return same_options(e.runs.front(), run, names) && !share_a_seed(e.seeds, seeds);
    });
    if (to == entries.end()) to = entries.insert(entries.end(), RunEntry{});
    to->runs.push_back(run);
    to->seeds.insert(to->seeds.end(), seeds.begin(), seeds.end());
    std::sort(to->seeds.begin(), to->seeds.end());
  }
  const std::vector<std::string> differing = differing_options(runs);
  std::vector<std::string> labels;
  for (const RunEntry& e : entries) labels.push_back(label_of(e, differing));
  for (std::size_t k = 0; k < entries.size(); ++k) {
    const bool unique = std::count(labels.begin(), labels.end(), labels[k]) == 1;
    entries[k].label = unique && !labels[k].empty() ? labels[k] : name_of(entries[k]);
  }
  return entries;
}

std::string seeds_text(const std::vector<std::uint64_t>& seeds) {
  if (seeds.size() > 2 && seeds.back() - seeds.front() == seeds.size() - 1)
    return fmt::format("{} to {}", seeds.front(), seeds.back());
  return fmt::format("{}", fmt::join(seeds, ", "));
}

}  // namespace ebb::app::runs
