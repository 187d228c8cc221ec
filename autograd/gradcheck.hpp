#pragma once
#include <ebb/autograd/shards.hpp>
#include <string>

namespace ebb {

struct GradcheckOptions {
  int order = 1;  ///< 2 also checks the gradient of the gradient
  double tolerance =
      1e-6;  ///< |analytic - numeric| <= tolerance * (the larger of the two) + estimated error of the difference
  double step = 1e-5;        ///< of the first central difference, times max(1, |x|)
  int most_elements = 4096;  ///< per input; beyond that a random sample
  std::uint64_t seed = 1;    ///< for samples and projections
};

/// Result for one input (order 1) or for the gradient with respect to it (order 2).
struct GradcheckEntry {
  std::string input;
  int order = 1;
  std::string element;  ///< position of the largest error relative to the tolerance there, "[2, 0]"
  double analytic = 0, numeric = 0, error = 0;
  double scale = 1;   ///< the larger of the two magnitudes
  int elements = 0;   ///< number of elements compared
  int too_small = 0;  ///< of these, too small to judge: rounding of the function's values could hide an error of 1 %
  std::vector<std::string> small_elements{};  ///< the first eight of them
  bool ok = true;
  bool influence = true;  ///< false: both gradients are zero everywhere, so the result does not depend on it
  std::string pass;       ///< for a cell "training", "evaluation", or "both" if they give the same results; else empty
};

struct GradcheckReport {
  std::vector<GradcheckEntry> entries{};
  bool deterministic = true;  ///< two calls with the same values gave the same bits
  std::vector<std::string>
      wrong_ops{};        ///< ops whose own gradient is wrong, with their lines; determined if order 1 fails
  std::string failure{};  ///< an exception's message, empty if none
  std::string finding{};  ///< another fault, or empty: "not finite: ...", "a row's result depends on other rows: ..."
  bool ok() const;
};
std::ostream& operator<<(std::ostream&, const GradcheckReport&);

/// Each element is compared with a central difference; where they disagree, with an extrapolation from nine steps
/// between 4e-3 and 6e-8 (Ridders 1982), which has an error estimate. Elements too small to judge are reported.

/// Checks a function of arrays, in float64. Its result may have any shape; it is projected to a scalar with fixed
/// random weights.
GradcheckReport gradcheck(const std::function<Var(const std::vector<Var>&)>& f, const std::vector<Array>& inputs,
                          GradcheckOptions = {}, const std::vector<std::string>& names = {});

/// Checks every parameter of a set through the same path as training: shards and tapes, in float64. Parameters with
/// bindings are checked at the bound values.
GradcheckReport gradcheck(const LeafSet&, const ShardOptions&, const ShardLoss& loss, GradcheckOptions = {});
/// Also checks every leaf of a second set that the loss reads: inputs, initial states.
GradcheckReport gradcheck(const LeafSet&, const LeafSet& inputs, const ShardOptions&, const ShardLoss& loss,
                          GradcheckOptions = {});

/// Checks a user's op on inputs of these shapes, drawn from [Op::low, Op::high] or [-2, 2]; also that its `value` does
/// not modify its inputs.
template <class Op>
GradcheckReport gradcheck_op(const Op& op, const std::vector<Shape>& shapes, GradcheckOptions = {},
                             std::source_location where = std::source_location::current());

}  // namespace ebb

#include <ebb/autograd/gradcheck_op.hpp>
