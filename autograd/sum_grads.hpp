#pragma once
#include <ebb/autograd/grads.hpp>

namespace ebb::detail {

/// Sums the leaf sets of all into the first, in the order of a binary tree over their numbers. An empty one has been
/// summed already, into its left neighbour in that tree.
void sum_grads(Grads* first, std::size_t count);

}  // namespace ebb::detail
