#pragma once
#include <ebb/autograd/shards.hpp>
#include <string>

namespace ebb {

struct GradcheckOptions {
  int order = 1;  ///< 2 also checks the gradient's own gradient
  double tolerance =
      1e-6;  ///< |analytic - numeric| <= tolerance * the larger of the two, and what the difference may be off by
  double step = 1e-5;        ///< of the central difference that is tried first, times max(1, |x|)
  int most_elements = 4096;  ///< per input; more are sampled by seed
  std::uint64_t seed = 1;    ///< of the sampled values and projections
};

/// Outcome for one input (order 1) or for the gradient with respect to it (order 2).
struct GradcheckEntry {
  std::string input;
  int order = 1;
  std::string element;  ///< where the error is largest beside what is allowed there, "[2, 0]"
  double analytic = 0, numeric = 0, error = 0;
  double scale = 1;   ///< the larger of the two magnitudes
  int elements = 0;   ///< compared
  int too_small = 0;  ///< of these, to judge: rounding of the function's values hides an error of 1 % and more
  std::vector<std::string> small_elements{};  ///< the first eight of those
  bool ok = true;
  bool influence = true;  ///< false: both gradients are zero everywhere, so the result does not depend on it
  std::string pass;       ///< of a cell: "training", "evaluation", or "both" where they are the same; else empty
};

struct GradcheckReport {
  std::vector<GradcheckEntry> entries{};
  bool deterministic = true;  ///< two calls with the same numbers gave the same bits
  std::vector<std::string>
      wrong_ops{};        ///< ops whose own gradient is wrong, with their line; looked for if order 1 fails
  std::string failure{};  ///< an exception's message, empty if none
  std::string
      finding{};  ///< what else is wrong: "not finite: ...", "a row's result depends on the others: ..."; else empty
  bool ok() const;
};
std::ostream& operator<<(std::ostream&, const GradcheckReport&);

/// Each element is compared with a central difference; where that does not agree, with the best of nine steps from 4e-3
/// to 6e-8, extrapolated (Ridders 1982), whose error is estimated. What is too small to judge so is counted, not passed
/// over.

/// Checks a function of arrays, in float64. Its result may have any shape: a fixed random projection makes it a number.
GradcheckReport gradcheck(const std::function<Var(const std::vector<Var>&)>& f, const std::vector<Array>& inputs,
                          GradcheckOptions = {}, const std::vector<std::string>& names = {});

/// Checks every parameter of a set through the very path that trains: shards, float64 tape. Numbers that the caller has
/// bound to parameters are those at which they are checked.
GradcheckReport gradcheck(const LeafSet&, const ShardOptions&, const ShardLoss& loss, GradcheckOptions = {});
/// And every leaf of a second set that the loss reads: inputs, starting states.
GradcheckReport gradcheck(const LeafSet&, const LeafSet& inputs, const ShardOptions&, const ShardLoss& loss,
                          GradcheckOptions = {});

/// Checks an op of one's own over inputs of these shapes, drawn from [Op::low, Op::high] or [-2, 2]; also that its
/// `value` leaves its inputs as they are.
template <class Op>
GradcheckReport gradcheck_op(const Op& op, const std::vector<Shape>& shapes, GradcheckOptions = {},
                             std::source_location where = std::source_location::current());

}  // namespace ebb

#include <ebb/autograd/gradcheck_op.hpp>
