#pragma once
#include <ebb/autograd/functions.hpp>

namespace ebb {

/// How to treat a row without an alignment: its labels, with a blank between equal neighbours, exceed its input.
enum class CtcImpossible {
  reject,    ///< a ValueError that names the row
  infinite,  ///< infinite loss with zero gradient
  zero       ///< zero loss and gradient, as with PyTorch's zero_infinity
};

struct CtcOptions {
  int blank = 0;  ///< the class of the blank
  CtcImpossible impossible = CtcImpossible::reject;
};

/// Connectionist temporal classification: the negative log-probability of a sequence of labels over all alignments with
/// the input, in nats.
///
///     p(labels) = sum over paths k of prod_t softmax(logits[t])[k[t]],   k: paths equal to `labels` after merging repeats and removing blanks
///     loss = -log p,   d loss / d logits[t, k] = softmax(logits[t])[k] - P(path has k at t | labels)
///
/// Entries past a row's length or last label are not read, and their gradient is exactly zero.
///
/// Shapes    logits [T, B, V], before any softmax; lengths [B], at most T; labels [B, L]; label_lengths [B], at most L;
///           result [B]
/// Errors    ShapeError; ValueError naming the row if a length is outside its range, a label is outside [0, V) or the
///           blank, or, by default, the row's labels need more steps than it has
/// Numerics  sums over paths in logarithms and float64 for any element type; a row whose probability is zero because a
///           logit is -inf has infinite loss and no gradient
/// Cost      workspace of T (2 L + 1) values per row; only the logits are kept. Rows run in parallel with bitwise
///           identical results. A tape of order 2 records the recursion instead, about ten nodes per step, and needs
///           finite logits
/// Source    Graves et al. 2006, doi:10.1145/1143844.1143891
Var ctc(At logits, const Lengths& lengths, const Tokens& labels, const Lengths& label_lengths,
        const CtcOptions& o = {});

}  // namespace ebb
