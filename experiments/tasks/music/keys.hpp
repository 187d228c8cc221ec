#pragma once
#include <ebb/experiments/tasks/music/data.hpp>

namespace ebb::app {

struct KeyChoice {
  double temperature = 1;  ///< below 1 the more probable keys are chosen more often; their number is not changed by it
  int top_k = 0;           ///< only the k most probable keys may sound, 0: any; of equal ones the lower
  bool greedy = false;     ///< nothing drawn: the most probable keys, as many as are expected
};

/// The keys that sound in a step, drawn from a logit each: first how many they are, then which.
///
///     n = keys of u < sigmoid(z);   p(S) = exp(sum over S of z / temperature), for S of n keys, normalised
///
/// At temperature 1 that is each key for itself. A temperature on each key alone would silence the music, as few keys
/// are more probable than one half. Greedy: the n of the largest z, n the sum of all sigmoid(z), rounded.
///
/// Shapes    logits [88]
/// Errors    ValueError if the temperature is not above zero, top_k is negative, or a logit is not finite
/// Source    Chen & Liu 1997, Statistica Sinica 7:875 (the conditional Bernoulli distribution, drawn from by its
///           recursion)
Chord choose_keys(const Array& logits, Key, const KeyChoice&);

}  // namespace ebb::app
