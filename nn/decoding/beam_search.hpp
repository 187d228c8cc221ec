#pragma once
#include <ebb/autograd/state.hpp>
#include <ebb/autograd/tape.hpp>
#include <functional>
#include <vector>

namespace ebb {

struct BeamOptions {
  int end = 0;                ///< the token that ends a sequence
  int longest = 100;          ///< tokens at most, the end counted
  int width = 4;              ///< hypotheses that each row keeps
  int best = 1;               ///< how many are given back, at most
  double length_penalty = 0;  ///< alpha: scores are log p / ((5 + tokens) / 6)^alpha, so that long ones may win
};

/// The hypotheses of all rows that are not ended, side by side.
struct BeamBatch {
  int time;       ///< tokens chosen so far
  Tokens tokens;  ///< [N], the last token of each
  Tokens rows;    ///< [N], the row of the batch that each belongs to: gather(memory, rows) is what it attends to
  State state;    ///< fields [N, ...]
};

struct BeamStep {
  Var log_probabilities;  ///< [N, V] of the next token, in nats
  State state;            ///< after the step, fields [N, ...]
};

struct BeamHypothesis {
  std::vector<int> tokens;  ///< without the end
  double log_probability;   ///< of the tokens and the end, in nats
  double score;             ///< with the length penalty
  bool ended;               ///< false: cut off at `longest`
};

/// The most probable sequences under a model that gives one token after the other, on the current tape, which records
/// nothing of it:
///
///     const auto found = beam_search(encoder.end(), Tokens({B}), [&](const BeamBatch& b) {
///       const State s = decoder->step(emb(b.tokens), b.state, StepContext());
///       return BeamStep{log_softmax(out(s[0])), s};
///     }, {.end = 1});
///
/// A step extends every live hypothesis by every token and keeps of each row the `width` most probable; those that took
/// the end are done. A row ends when none of its live hypotheses can come before its `best` ended ones. Width 1 is
/// greedy choice. A row's result does not depend on the rows around it.
///
/// Shapes    first [B]; start's fields [B, ...], or no fields at all; for each row its hypotheses, the best first
/// Errors    ShapeError or ValueError if what the step returned does not fit, or a log-probability is NaN or above zero
///           by more than rounding; ValueError for options that cannot be
/// Cost      one call of the step for each token, on at most width B rows
/// Source    Sutskever et al. 2014, arXiv:1409.3215; length penalty of Wu et al. 2016, arXiv:1609.08144
std::vector<std::vector<BeamHypothesis>> beam_search(const State& initial, const Tokens& first,
                                                     const std::function<BeamStep(const BeamBatch&)>& step,
                                                     const BeamOptions& o);

}  // namespace ebb
