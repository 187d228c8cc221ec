#pragma once
#include <ebb/autograd/functions.hpp>

namespace ebb {

/// What is done with a row that no alignment fits: its labels, with a blank between equal neighbours, are longer than
/// its input.
enum class CtcImpossible {
  reject,    ///< a ValueError that names the row
  infinite,  ///< a loss of infinity, whose gradient is zero
  zero       ///< a loss of zero, whose gradient is zero, as PyTorch's zero_infinity
};

struct CtcOptions {
  int blank = 0;  ///< the class that stands for no label
  CtcImpossible impossible = CtcImpossible::reject;
};

/// Connectionist temporal classification: how improbable a sequence of labels is, whatever its alignment with the
/// input, in nats.
///
///     p(labels) = sum over the paths k that become `labels` when repeats are joined and blanks dropped of prod_t softmax(logits[t])[k[t]]
///     loss = -log p,   d loss / d logits[t, k] = softmax(logits[t])[k] - P(path has k at t | labels)
///
/// What stands behind a row's length or a row's last label is not read; its gradient is exactly zero.
///
/// Shapes    logits [T, B, V], before any softmax; lengths [B], each to T; labels [B, L]; label_lengths [B], each to L;
///           result [B]
/// Errors    ShapeError; ValueError naming the row if a length is outside its range, a label is outside [0, V) or the
///           blank, or, unless asked otherwise, the row's labels need more steps than it has
/// Numerics  sums of paths in logarithms and in float64, whatever the tape's element type; a row whose probability
///           underflows only because a logit is -inf has the loss infinity and no gradient
/// Cost      T (2 L + 1) numbers of work space a row; nothing kept but the logits. Rows run on several threads with the
///           same bits. A tape of order 2 records the recursion instead, some ten nodes a step, and wants finite logits
/// Source    Graves et al. 2006, doi:10.1145/1143844.1143891
Var ctc(At logits, const Lengths& lengths, const Tokens& labels, const Lengths& label_lengths,
        const CtcOptions& o = {});

}  // namespace ebb
