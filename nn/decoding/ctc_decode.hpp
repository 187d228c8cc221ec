#pragma once
#include <ebb/ops/array.hpp>
#include <vector>

namespace ebb {

/// The labels of each row's most probable path: the largest logit of each step, repeats joined, blanks dropped.
///
/// Shapes    logits [T, B, V], lengths [B]; one list of labels for each row
/// Errors    ShapeError; ValueError if a length is outside [0, T] or the blank outside [0, V)
/// Source    Graves et al. 2006, doi:10.1145/1143844.1143891, best path decoding
std::vector<std::vector<int>> ctc_best_path(const Array& logits, const Lengths& lengths, int blank = 0);

struct CtcBeamOptions {
  int blank = 0;
  int width = 16;  ///< prefixes that are kept after each step
  int best = 1;    ///< hypotheses that are given back for each row, at most the width
};

struct CtcHypothesis {
  std::vector<int> labels;
  double log_probability;  ///< in nats, of all paths that the beam saw become these labels
};

/// The most probable labels, paths that become the same ones counted together. Exact if the width is that of all
/// prefixes.
///
/// Shapes    logits [T, B, V], before any softmax; lengths [B]; for each row its hypotheses, the best first
/// Errors    ShapeError; ValueError if a length is outside [0, T], the blank outside [0, V), or a number of options
///           below 1
/// Numerics  in logarithms and float64; of equal prefixes the one found first is kept
/// Cost      O(T width V log(width V)) a row
/// Source    Graves & Jaitly 2014; Hannun et al. 2014, arXiv:1408.2873, without a language model
std::vector<std::vector<CtcHypothesis>> ctc_beam_search(const Array& logits, const Lengths& lengths,
                                                        const CtcBeamOptions& o = {});

}  // namespace ebb
