#pragma once
#include <string>
#include <vector>

namespace ebb::app {

/// A finite group as its multiplication table; element 0 is the identity.
struct GroupTable {
  int order = 1;
  std::vector<int> products;  ///< [order, order]: a b at row a, column b
  int product(int a, int b) const {
    return products[static_cast<std::size_t>(a) * static_cast<std::size_t>(order) + static_cast<std::size_t>(b)];
  }
};

/// The integers modulo n under addition.
GroupTable cyclic_group(int n);
/// All permutations of n things, or the even ones, in lexicographic order; a b is first a, then b.
GroupTable symmetric_group(int n);
GroupTable alternating_group(int n);
/// Pairs; (a, b) is element a |B| + b.
GroupTable direct_product(const GroupTable& a, const GroupTable& b);

/// "z60", "a4xz5", "a5" or "s5".
GroupTable group_named(const std::string& name);

}  // namespace ebb::app
