#pragma once
#include <ebb/ops/array.hpp>
#include <vector>

namespace ebb {

/// The labels of each row's most probable path: the largest logit of each step, repeats merged, blanks removed.
///
/// Shapes    logits [T, B, V], lengths [B]; result: a list of labels per row
/// Errors    ShapeError; ValueError if a length is outside [0, T] or the blank outside [0, V)
/// Source    Graves et al. 2006, doi:10.1145/1143844.1143891, best path decoding
std::vector<std::vector<int>> ctc_best_path(const Array& logits, const Lengths& lengths, int blank = 0);

struct CtcBeamOptions {
  int blank = 0;
  int width = 16;  ///< prefixes kept after each step
  int best = 1;    ///< hypotheses returned per row, at most the width
};

struct CtcHypothesis {
  std::vector<int> labels;
  double log_probability;  ///< in nats, over all paths to these labels within the beam
};

/// The most probable labels, summing over paths to the same labels. Exact if the beam is wide enough for all prefixes.
///
/// Shapes    logits [T, B, V], before any softmax; lengths [B]; result: each row's hypotheses, best first
/// Errors    ShapeError; ValueError if a length is outside [0, T], the blank outside [0, V), or width or best below 1
/// Numerics  in logarithms and float64; ties are resolved in favour of the prefix found first
/// Cost      O(T width V log(width V)) per row
/// Source    Graves & Jaitly 2014; Hannun et al. 2014, arXiv:1408.2873, without a language model
std::vector<std::vector<CtcHypothesis>> ctc_beam_search(const Array& logits, const Lengths& lengths,
                                                        const CtcBeamOptions& o = {});

}  // namespace ebb
