#pragma once
#include <ebb/autograd/leaf.hpp>

namespace ebb::detail {

/// The values of the set's trained leaves change places with those of an array laid out as the set's flat buffer is.
/// Fixed ones keep their bits: a mean of equal numbers need not be that number.
///
/// Errors    ValueError if parameters were added since `other` was made
void exchange(const char* who, const LeafSet&, Array& other);

}  // namespace ebb::detail
