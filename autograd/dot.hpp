#pragma once
#include <ebb/autograd/tape.hpp>
#include <string>

namespace ebb {

/// The graph that leads to y, in Graphviz's language: `ebb ... | dot -Tsvg`. A node shows its op, shape, time step and
/// line.
std::string to_dot(const Var& y);

}  // namespace ebb
