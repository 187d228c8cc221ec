#include <fmt/format.h>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/sweep/space.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/random.hpp>
#include <set>

namespace ebb::app::sweep {
namespace {

constexpr std::size_t most_configurations = 100'000;

std::vector<std::string> drawn(const std::vector<Axis>& axes, std::uint64_t sample, std::uint64_t number) {
  std::vector<std::string> values;
  for (const Axis& axis : axes)
    values.push_back(value_at(axis, Key{sample}.named("sweep").named(axis.option.c_str()).uniform(number)));
  return values;
}

}  // namespace

std::string text_of(const std::vector<Axis>& axes, const Configuration& c) {
  if (!c.name.empty()) return c.name;
  std::string text;
  for (std::size_t k = 0; k < axes.size(); ++k)
    text += fmt::format("{}{} {}", k ? ", " : "", axes[k].option, c.values[k]);
  return text.empty() ? "the only one" : text;
}

std::vector<Configuration> grid_of(const std::vector<Axis>& axes) {
  std::vector<Configuration> all{{}};
  for (const Axis& axis : axes) {
    const std::vector<std::string> values = grid_values(axis);
    if (all.size() * values.size() > most_configurations)
      throw ValueError(fmt::format("the grid has more than {} configurations: give fewer values, or --random N",
                                   count_text(static_cast<double>(most_configurations))));
    std::vector<Configuration> longer;
    for (const Configuration& c : all)
      for (const std::string& value : values) {
        longer.push_back(c);
        longer.back().values.push_back(value);
      }
    all = std::move(longer);
  }
  for (std::size_t k = 0; k < all.size(); ++k) all[k].number = static_cast<int>(k) + 1;
  return all;
}

std::vector<Configuration> random_of(const std::vector<Axis>& axes, int n, std::uint64_t sample) {
  std::vector<Configuration> all;
  std::set<std::vector<std::string>> seen;
  const std::uint64_t most_draws = 100 * static_cast<std::uint64_t>(n) + 1000;
  for (std::uint64_t draw = 0; draw < most_draws && all.size() < static_cast<std::size_t>(n); ++draw) {
    std::vector<std::string> values = drawn(axes, sample, draw);
    if (!seen.insert(values).second) continue;
    all.push_back({.number = static_cast<int>(all.size()) + 1, .values = std::move(values)});
  }
  if (all.size() < static_cast<std::size_t>(n))
    throw ValueError(
        fmt::format("--random {}: these axes have only about {} different configurations; leave out "
                    "--random to train all of them",
                    n, all.size()));
  return all;
}

}  // namespace ebb::app::sweep
