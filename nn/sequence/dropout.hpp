#pragma once
#include <ebb/autograd/sequence.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/sequence/packing.hpp>

namespace ebb {

/// In training each value is zero with probability p and else divided by 1 - p; in evaluation x is unchanged. The mask
/// is a function of the context and `name`: two uses with different masks need different names, or scopes of the
/// context (`s.context("in")`).
///
/// Errors    ValueError if p is outside [0, 1)
/// Source    Srivastava et al. 2014, JMLR 15:1929
Var dropout(const Var& x, double p, const StepContext& at, const char* name = "dropout",
            std::source_location where = std::source_location::current());
/// The same for all steps at once, each with the mask of its time.
Sequence dropout(const Sequence& x, double p, const StepContext& at, const char* name = "dropout",
                 std::source_location where = std::source_location::current());
Packed dropout(const Packed& x, double p, const StepContext& at, const char* name = "dropout",
               std::source_location where = std::source_location::current());

struct DropoutOptions {
  double input = 0;          ///< probability of dropping a value of x
  double state = 0;          ///< the same for the state's first field, where it enters the recurrent products
  bool per_sequence = true;  ///< one mask for all steps of a sequence, else one per step
};

/// A cell with dropout on its input and hidden state. With one mask per sequence this is variational dropout, which is
/// suitable for the state; with a mask per step, noise in the state accumulates over time.
///
/// The state is dropped where it is multiplied by a matrix, not where it is passed on, as in a GRU's z * h, which the
/// factor 1 / (1 - p) would let grow from step to step. Only the cell's equations can distinguish the two, so the cell
/// needs an additional overload of step (drop.hpp), which all shipped cells with a recurrent matrix have.
///
/// Errors    ValueError if a probability is outside [0, 1), or if `state` is above 0 and the cell has no such overload
/// Source    Gal & Ghahramani 2016, arXiv:1512.05287
class DropoutCell final : public CellWrapper {
 public:
  DropoutCell(CellPtr inner, DropoutOptions o);
  State step(const Var& x, const State& s, const StepContext& at) const override;

 private:
  DropoutOptions o_;
};

}  // namespace ebb
