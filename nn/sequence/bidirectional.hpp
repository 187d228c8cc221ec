#pragma once
#include <ebb/nn/sequence/unroll.hpp>

namespace ebb {

enum class Join { concatenate, sum };

/// Outputs of two cells that read a sequence forwards and backwards.
///
///     y_t = [f_t, b_t]   or   f_t + b_t,   f_t after x_1 ... x_t, b_t after x_T ... x_t
///
/// Random numbers are drawn in the context's scopes "forward" and "backward".
///
/// Shapes    x [T, B, I] -> all [T, B, 2 H], or [T, B, H] if summed; packed [N, I] -> [N, 2 H] or [N, H]
/// Errors    as for unroll
/// Source    Schuster & Paliwal 1997, doi:10.1109/78.650093
template <class X> struct BidirectionalOf {
  X all;
  State forward, backward;  ///< final states: after each row's last step, and after step 0
};
using Bidirectional = BidirectionalOf<Sequence>;
Bidirectional bidirectional(const Cell& forward, const Cell& backward, const Sequence& x, const StepContext&,
                            Join join = Join::concatenate,
                            std::source_location where = std::source_location::current());
/// For sequences of different lengths: the backward direction begins at each row's end. Zeros in the padding.
Bidirectional bidirectional(const Cell& forward, const Cell& backward, const Sequence& x, const Lengths&,
                            const StepContext&, Join join = Join::concatenate,
                            std::source_location where = std::source_location::current());
/// Packed sequences stay packed, for stacking layers.
BidirectionalOf<Packed> bidirectional(const Cell& forward, const Cell& backward, const Packed& x, const StepContext&,
                                      Join join = Join::concatenate,
                                      std::source_location where = std::source_location::current());

}  // namespace ebb
