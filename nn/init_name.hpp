#pragma once
#include <ebb/nn/init.hpp>
#include <string>

namespace ebb {

/// The initialiser of that name: zeros, constant, uniform (in +-x), normal (of deviation x), xavier-uniform,
/// xavier-normal, kaiming-uniform, kaiming-normal, lecun-uniform, lecun-normal, orthogonal, identity, and
/// orthogonal-gates, identity-gates for the square blocks of a matrix that stand side by side. A number may follow:
/// "orthogonal*1.2", "uniform*.1", "constant*1".
///
/// Errors    ValueError for another name (with the nearest), or a number that is none
Init init_named(const std::string& name);

}  // namespace ebb
