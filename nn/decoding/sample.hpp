#pragma once
#include <ebb/ops/random.hpp>

/// Sampling tokens from logits, without gradients. The user's loop computes the logits:
///
///     for (int t = 0; t < longest; ++t) {
///       s = cell->step(emb(token), s, context);
///       token = sample(out(s[0]).value(), key.at(t), {.temperature = .8, .top_p = .95});
///     }
namespace ebb {

struct SampleOptions {
  double temperature = 1;  ///< divides the logits; 0: greedy
  int top_k = 0;           ///< only the k most probable tokens; 0: all
  double top_p = 1;        ///< of those, the smallest set of most probable tokens with this total probability
};

/// The token with the largest logit, the first of equal ones.
///
/// Shapes    logits [..., V] -> [...]
Tokens greedy(const Array& logits);

/// The probabilities that `sample` draws from: softmax(logits / temperature), truncated to the k most probable tokens,
/// renormalised, truncated to the nucleus, renormalised. Of equally probable tokens, those with lower ids are kept.
///
/// Shapes    logits [..., V] -> [..., V], float64
/// Errors    ValueError if temperature or top_k is negative, top_p is outside (0, 1], or a row has no distribution: a
///           NaN, an infinite logit, or none above -inf
/// Source    Holtzman et al. 2020, arXiv:1904.09751 (top_p); Fan et al. 2018, arXiv:1805.04833 (top_k)
Array sample_probabilities(const Array& logits, const SampleOptions& o = {});

/// Draws a token for each row from sample_probabilities. Row r uses position first_row + r of the key's stream, so its
/// token does not depend on the rest of the batch. Use a different key for each step.
///
/// Shapes    logits [..., V] -> [...]
/// Errors    as sample_probabilities
Tokens sample(const Array& logits, Key key, const SampleOptions& o = {}, std::uint64_t first_row = 0);

}  // namespace ebb
