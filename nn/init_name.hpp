#pragma once
#include <ebb/nn/init.hpp>
#include <string>

namespace ebb {

/// The initialiser of this name: zeros, constant, uniform (in +-x), normal (with deviation x), xavier-uniform,
/// xavier-normal, kaiming-uniform, kaiming-normal, lecun-uniform, lecun-normal, orthogonal, identity, and
/// orthogonal-gates, identity-gates for a matrix that is a row of square blocks. A number may follow: "orthogonal*1.2",
/// "uniform*.1", "constant*1".
///
/// Errors    ValueError for an unknown name (suggesting the nearest) or an invalid number
Init init_named(const std::string& name);

}  // namespace ebb
