#pragma once
#include <ebb/nn/cell.hpp>

namespace ebb {

/// Rows of a learned table: y[...] = W[tokens[...]]
///
/// Shapes    tokens [...], y [..., E]; W [V, E]
/// Init      W normal(0, 1)
/// Errors    ValueError naming a token outside the table; ShapeError if a given table is not [V, E]
struct Embedding {
  Param W;
  Embedding(Builder p, int vocabulary, int width);
  /// A given table, such as word vectors from a file, which is trained further or frozen.
  enum class Table { tuned, frozen };
  Embedding(Builder p, const Array& table, Table = Table::tuned);
  Var operator()(const Tokens& tokens, std::source_location where = std::source_location::current()) const;
};

}  // namespace ebb
