#pragma once
#include <ebb/autograd/grads.hpp>

namespace ebb::detail {

/// Sums all gradients into the first, pairwise and in order. An empty entry has already been added to its left
/// neighbour in the tree.
void sum_grads(Grads* first, std::size_t count);

}  // namespace ebb::detail
