#pragma once
#include <ebb/ranks/thread_ranks.hpp>
#include <optional>
#include <type_traits>
#include <vector>

namespace test {

/// The results of run(Ranks*) on each of `size` ranks, which are threads, by rank.
template <class F> auto of_ranks(int size, const F& run) {
  using Value = std::invoke_result_t<const F&, ebb::Ranks*>;
  std::vector<std::optional<Value>> all(static_cast<std::size_t>(size));
  ebb::run_as_ranks(size, [&](ebb::Ranks& ranks) { all[static_cast<std::size_t>(ranks.rank())] = run(&ranks); });
  std::vector<Value> results;
  for (std::optional<Value>& r : all) results.push_back(std::move(*r));
  return results;
}

}  // namespace test
