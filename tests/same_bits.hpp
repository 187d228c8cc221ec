#pragma once
#include <cstring>
#include <ebb/ops/array.hpp>

namespace test {

/// Whether shapes, element types and all bits are equal, including NaN and the sign of zero.
inline bool same_bits(const ebb::Array& a, const ebb::Array& b) {
  if (!(a.shape() == b.shape()) || a.dtype() != b.dtype()) return false;
  const ebb::Array x = a.compact(), y = b.compact();
  return std::memcmp(x.raw(), y.raw(), x.bytes()) == 0;
}

}  // namespace test
