#pragma once
#include <ebb/ops/shape.hpp>
#include <string>

namespace ebb {

/// A shape as messages print it: "[32, 128]".
std::string text(const Shape&);

}  // namespace ebb
