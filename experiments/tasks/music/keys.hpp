#pragma once
#include <ebb/experiments/tasks/music/data.hpp>

namespace ebb::app {

struct KeyChoice {
  double temperature = 1;  ///< below 1, more probable keys are chosen more often; does not change the number of keys
  int top_k = 0;           ///< only the k most probable keys may sound, 0: any; of equal ones, the lower
  bool greedy = false;     ///< no sampling: the most probable keys, as many as the expected number
};

/// The keys that sound in a step, drawn from one logit per key: first their number, then the keys.
///
///     n = keys of u < sigmoid(z);   p(S) = exp(sum over S of z / temperature), for S of n keys, normalised
///
/// At temperature 1 this is equivalent to drawing each key independently. A temperature applied to each key separately
/// would silence the music, because few keys have a probability above one half. Greedy: the n keys with the largest z,
/// with n the rounded sum of all sigmoid(z).
///
/// Shapes    logits [88]
/// Errors    ValueError if the temperature is not above zero, top_k is negative, or a logit is not finite
/// Source    Chen & Liu 1997, Statistica Sinica 7:875 (the conditional Bernoulli distribution, sampled by its
///           recursion)
Chord choose_keys(const Array& logits, Key, const KeyChoice&);

}  // namespace ebb::app
