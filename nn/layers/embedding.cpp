#include <ebb/nn/layers/embedding.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

namespace ebb {

Embedding::Embedding(Builder p, int vocabulary, int width) : W(p.matrix("W", vocabulary, width, normal_init(0, 1))) {}

Embedding::Embedding(Builder p, const Array& table, Table kind) {
  if (table.rank() != 2) throw ShapeError("embedding: the table must be [words, width], but is " + text(table.shape()));
  W = kind == Table::frozen ? p.fixed("W", table) : p.trained("W", table);
}

Var Embedding::operator()(const Tokens& tokens, std::source_location where) const {
  return gather(At(W, where), tokens);
}

}  // namespace ebb
