#pragma once
#include <ebb/autograd/state.hpp>
#include <ebb/autograd/tape.hpp>
#include <functional>
#include <vector>

namespace ebb {

struct BeamOptions {
  int end = 0;                ///< the token that ends a sequence
  int longest = 100;          ///< maximum number of tokens, including the end
  int width = 4;              ///< hypotheses kept per row
  int best = 1;               ///< maximum number of hypotheses returned per row
  double length_penalty = 0;  ///< alpha: the score is log p / ((5 + tokens) / 6)^alpha, which favours longer hypotheses
};

/// The unfinished hypotheses of all rows as one batch.
struct BeamBatch {
  int time;       ///< tokens chosen so far
  Tokens tokens;  ///< [N], the last token of each
  Tokens rows;    ///< [N], the batch row of each; gather(memory, rows) is what it attends to
  State state;    ///< fields [N, ...]
};

struct BeamStep {
  Var log_probabilities;  ///< [N, V] of the next token, in nats
  State state;            ///< after the step, fields [N, ...]
};

struct BeamHypothesis {
  std::vector<int> tokens;  ///< without the end token
  double log_probability;   ///< of the tokens including the end, in nats
  double score;             ///< with the length penalty
  bool ended;               ///< false if truncated at `longest`
};

/// The most probable sequences under an autoregressive model. Runs on the current tape without recording:
///
///     const auto found = beam_search(encoder.end(), Tokens({B}), [&](const BeamBatch& b) {
///       const State s = decoder->step(emb(b.tokens), b.state, StepContext());
///       return BeamStep{log_softmax(out(s[0])), s};
///     }, {.end = 1});
///
/// Each step extends every live hypothesis by every token and keeps the `width` most probable per row; those that end
/// are finished. A row is finished when no live hypothesis can surpass its `best` finished ones. Width 1 is greedy
/// decoding. A row's result does not depend on the other rows.
///
/// Shapes    first [B]; initial's fields [B, ...], or an empty state; result: each row's hypotheses, best first
/// Errors    ShapeError or ValueError if the step returns wrong shapes, or a log-probability that is NaN or above zero
///           by more than rounding; ValueError for invalid options
/// Cost      one call of the step per token, on at most width B rows
/// Source    Sutskever et al. 2014, arXiv:1409.3215; length penalty of Wu et al. 2016, arXiv:1609.08144
std::vector<std::vector<BeamHypothesis>> beam_search(const State& initial, const Tokens& first,
                                                     const std::function<BeamStep(const BeamBatch&)>& step,
                                                     const BeamOptions& o);

}  // namespace ebb
