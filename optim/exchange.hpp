#pragma once
#include <ebb/autograd/leaf.hpp>

namespace ebb::detail {

/// Swaps the values of the set's trained leaves with an array in the layout of the set's flat buffer. Fixed leaves are
/// not touched, since the mean of equal values need not equal that value bitwise.
///
/// Errors    ValueError if parameters were added since `other` was created
void exchange(const char* who, const LeafSet&, Array& other);

}  // namespace ebb::detail
