#pragma once
#include <ebb/nn/sequence/unroll.hpp>

namespace ebb {

enum class Join { concatenate, sum };

/// Outputs of two cells that read a sequence from its begin and from its end.
///
///     y_t = [f_t, b_t]   or   f_t + b_t,   f_t after x_1 ... x_t, b_t after x_T ... x_t
///
/// Random numbers are those of the pass's scopes "forward" and "backward".
///
/// Shapes    x [T, B, I] -> all [T, B, 2 H], or [T, B, H] if summed; packed [N, I] -> [N, 2 H] or [N, H]
/// Errors    as unroll's
/// Source    Schuster & Paliwal 1997, doi:10.1109/78.650093
template <class X> struct BidirectionalOf {
  X all;
  State forward, backward;  ///< after the last step of each: of each row's last time, and of time 0
};
using Bidirectional = BidirectionalOf<Sequence>;
Bidirectional bidirectional(const Cell& forward, const Cell& backward, const Sequence& x, const StepContext&,
                            Join join = Join::concatenate);
/// Of sequences of different lengths: the way back begins at each row's own end. Zeros in the padding.
Bidirectional bidirectional(const Cell& forward, const Cell& backward, const Sequence& x, const Lengths&,
                            const StepContext&, Join join = Join::concatenate);
/// Packed sequences stay packed, for layers above one another.
BidirectionalOf<Packed> bidirectional(const Cell& forward, const Cell& backward, const Packed& x, const StepContext&,
                                      Join join = Join::concatenate);

}  // namespace ebb
