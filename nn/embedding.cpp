#include <ebb/nn/embedding.hpp>

namespace ebb {

Embedding::Embedding(Builder p, int vocabulary, int width) : W(p.matrix("W", vocabulary, width, normal_init(0, 1))) {}

Var Embedding::operator()(const Tokens& tokens) const { return gather(W, tokens); }

}  // namespace ebb
