#pragma once
#include <cstdint>
#include <functional>
#include <string>

namespace ebb::detail {

/// Calls build(input, hidden) with the given widths, then with others, until one call does not throw: a cell may reject
/// widths, but the names of its options do not depend on them, and their defaults rarely do.
/// Errors    the first error if all attempts fail with the same text; else ValueError that includes it
void at_some_widths(const std::string& name, int input, int hidden,
                    const std::function<void(int input, int hidden)>& build);

/// Limit on the size of a Params for such a trial.
constexpr std::int64_t trial_params = 1 << 24;

}  // namespace ebb::detail
