#include <fmt/format.h>
#include <ebb/autograd/functions.hpp>
#include <ebb/nn/sequence/word_dropout.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

namespace ebb {

Tokens word_dropout(const Tokens& tokens, double p, int replacement, const StepContext& at, const char* name,
                    std::source_location where) {
  const CallSite here{where};
  if (!(p >= 0 && p <= 1))
    throw ValueError(fmt::format("word dropout: the probability must be between 0 and 1, but is {}", p));
  const int rank = tokens.rank();
  if (rank != 1 && rank != 2)
    throw ShapeError("word dropout: tokens are " + text(tokens.shape()) + ", expected [T, rows] or [rows]");
  if (!at.training() || p == 0) return tokens;
  const Var like = zeros(tokens.shape());
  const Array kept = (rank == 2 ? at.bernoulli_of_steps(name, like, 1 - p) : at.bernoulli(name, like, 1 - p)).value();
  Tokens out = tokens.copy();
  for (std::int64_t i = 0; i < out.size(); ++i)
    if (kept.at_flat(i) == 0) out.data()[i] = replacement;
  return out;
}

}  // namespace ebb
