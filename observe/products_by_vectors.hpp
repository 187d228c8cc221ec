#pragma once
#include <ebb/observe/product_norms.hpp>

namespace ebb::detail {

/// product_norms without forming a matrix: fills in the map of result.times.
void by_vectors(ProductNorms& result, const Cell&, const Drive&, const Array& start, const ProductNormOptions&);

}  // namespace ebb::detail
