#pragma once
#include <ebb/autograd/sequence.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/sequence/packing.hpp>

namespace ebb {

/// In training each number is zero with probability p and else divided by 1 - p; in evaluation all stay as they are.
/// The mask is a function of the pass and `name`: two places that are to differ have two names, or scopes of the pass
/// (`s.context("in")`).
///
/// Errors    ValueError if p is outside [0, 1)
/// Source    Srivastava et al. 2014, JMLR 15:1929
Var dropout(const Var& x, double p, const StepContext& at, const char* name = "dropout");
/// The same on all steps at once, each with the mask that it would have at its time.
Sequence dropout(const Sequence& x, double p, const StepContext& at, const char* name = "dropout");
Packed dropout(const Packed& x, double p, const StepContext& at, const char* name = "dropout");

struct DropoutOptions {
  double input = 0;          ///< probability that a number of x is dropped
  double state = 0;          ///< likewise of the state's first field, where it enters the cell's products
  bool per_sequence = true;  ///< one mask for all steps of a sequence, else one for each step
};

/// A cell whose input and hidden state are dropped out. With one mask for a sequence this is variational dropout, which
/// may be used on the state; with a mask for each step noise on the state adds up over the steps.
///
/// The state is dropped where it meets a matrix, not where it is handed on, as by a GRU's z * h, which the factor 1 /
/// (1 - p) would let grow from step to step. Only the cell's equations say where that is, so the cell has one more
/// overload of step for it (drop.hpp), as all shipped cells with a recurrent matrix do.
///
/// Errors    ValueError if a probability is outside [0, 1), or if the state is to be dropped and the cell has no such
///           step
/// Source    Gal & Ghahramani 2016, arXiv:1512.05287
class DropoutCell final : public CellWrapper {
 public:
  DropoutCell(CellPtr inner, DropoutOptions o);
  State step(const Var& x, const State& s, const StepContext& at) const override;

 private:
  DropoutOptions o_;
};

}  // namespace ebb
