#pragma once
#include <ebb/ops/random.hpp>

/// Choosing tokens from logits, on numbers alone. The step that makes the logits is the user's loop:
///
///     for (int t = 0; t < longest; ++t) {
///       s = cell->step(emb(token), s, pass);
///       token = sample(out(s[0]).value(), key.at(t), {.temperature = .8, .top_p = .95});
///     }
namespace ebb {

struct SampleOptions {
  double temperature = 1;  ///< logits are divided by it; 0 takes the largest
  int top_k = 0;           ///< only the k most probable tokens; 0: all
  double top_p = 1;        ///< of those, the fewest most probable ones that together have this probability
};

/// The token of the largest logit, the first of equal ones.
///
/// Shapes    logits [..., V] -> [...]
Tokens greedy(const Array& logits);

/// The probabilities that `sample` draws from: softmax(logits / temperature), cut to the k most probable tokens,
/// renormalised, cut to the nucleus, renormalised. Of equally probable tokens those of lower numbers are kept.
///
/// Shapes    logits [..., V] -> [..., V], float64
/// Errors    ValueError if temperature or top_k is negative, top_p is outside (0, 1], or no distribution can be made of
///           a row: a NaN, an infinite logit, or none above -inf
/// Source    Holtzman et al. 2020, arXiv:1904.09751 (top_p); Fan et al. 2018, arXiv:1805.04833 (top_k)
Array sample_probabilities(const Array& logits, const SampleOptions& o = {});

/// A token for each row, drawn from sample_probabilities. Row r takes number first_row + r of the key's stream, so that
/// its token does not depend on the batch around it; give each step a key of its own.
///
/// Shapes    logits [..., V] -> [...]
/// Errors    as sample_probabilities
Tokens sample(const Array& logits, Key key, const SampleOptions& o = {}, std::uint64_t first_row = 0);

}  // namespace ebb
