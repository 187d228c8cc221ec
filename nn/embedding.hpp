#pragma once
#include <ebb/nn/cell.hpp>

namespace ebb {

/// Rows of a learned table: y[...] = W[tokens[...]]
///
/// Shapes    tokens [...], y [..., E]; W [V, E]
/// Init      W normal(0, 1)
/// Errors    ValueError naming a token outside the table
struct Embedding {
  Param W;
  Embedding(Builder p, int vocabulary, int width);
  Var operator()(const Tokens& tokens) const;
};

}  // namespace ebb
