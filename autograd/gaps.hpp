#pragma once
#include <ebb/autograd/node.hpp>
#include <ebb/ops/array.hpp>

namespace ebb::detail {

/// Adds rows of g to entries of the gradient of a leaf: table[tokens[...]] += g[...]. Only these entries are read and
/// written; the others may remain gaps (grads.hpp). The sums are those of `scatter_add`, added once to each entry.
///
/// Shapes    tokens [...], g [..., E...]; leaf [V, E...], in the flat gradient
void add_rows(Node& leaf, const Tokens& tokens, const Array& g);

}  // namespace ebb::detail
