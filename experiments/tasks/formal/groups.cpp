#include <algorithm>
#include <ebb/experiments/tasks/formal/groups.hpp>
#include <numeric>

namespace ebb::app {
namespace {

using Permutation = std::vector<int>;

bool is_even(const Permutation& p) {
  int inversions = 0;
  for (std::size_t i = 0; i < p.size(); ++i)
    for (std::size_t j = i + 1; j < p.size(); ++j) inversions += p[i] > p[j];
  return inversions % 2 == 0;
}

template <class F> GroupTable table_of(int order, const F& product) {
  GroupTable g{.order = order, .products = {}};
  for (int a = 0; a < order; ++a)
    for (int b = 0; b < order; ++b) g.products.push_back(product(a, b));
  return g;
}

GroupTable permutations(int n, bool even_alone) {
  Permutation p(static_cast<std::size_t>(n));
  std::iota(p.begin(), p.end(), 0);
  std::vector<Permutation> all;  // sorted
  do
    if (!even_alone || is_even(p)) all.push_back(p);
  while (std::next_permutation(p.begin(), p.end()));
  return table_of(static_cast<int>(all.size()), [&](int a, int b) {
    Permutation both;
    for (const int i : all[static_cast<std::size_t>(a)])
      both.push_back(all[static_cast<std::size_t>(b)][static_cast<std::size_t>(i)]);
    return static_cast<int>(std::lower_bound(all.begin(), all.end(), both) - all.begin());
  });
}

}  // namespace

GroupTable cyclic_group(int n) {
  return table_of(n, [n](int a, int b) { return (a + b) % n; });
}

GroupTable symmetric_group(int n) { return permutations(n, false); }
GroupTable alternating_group(int n) { return permutations(n, true); }

GroupTable direct_product(const GroupTable& a, const GroupTable& b) {
  return table_of(a.order * b.order, [&](int x, int y) {
    return a.product(x / b.order, y / b.order) * b.order + b.product(x % b.order, y % b.order);
  });
}

GroupTable group_named(const std::string& name) {
  if (name == "z60") return cyclic_group(60);
  if (name == "a4xz5") return direct_product(alternating_group(4), cyclic_group(5));
  return name == "a5" ? alternating_group(5) : symmetric_group(5);
}

}  // namespace ebb::app
