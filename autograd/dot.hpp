#pragma once
#include <ebb/autograd/tape.hpp>
#include <string>

namespace ebb {

/// The graph that leads to y in Graphviz's format, for `dot -Tsvg`. A node shows its op, shape, time step and line.
std::string to_dot(const Var& y);

}  // namespace ebb
