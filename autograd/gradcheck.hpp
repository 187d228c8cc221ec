#pragma once
#include <ebb/autograd/shards.hpp>
#include <string>

namespace ebb {

struct GradcheckOptions {
  int order = 1;                 ///< 2 also checks the gradient's own gradient
  double tolerance = 1e-6;       ///< |analytic - numeric| <= tolerance * max(1, largest entry of that gradient)
  double step = 1e-5;            ///< of the central difference, times max(1, |x|)
  int most_elements = 4096;      ///< per input; more are sampled by seed
  std::uint64_t seed = 1;        ///< of the sampled values and projections
};

/// Outcome for one input (order 1) or for the gradient with respect to it (order 2).
struct GradcheckEntry {
  std::string input;
  int order = 1;
  std::string element;           ///< where the largest error occurs, "[2, 0]"
  double analytic = 0, numeric = 0, error = 0, scale = 1;
  bool ok = true;
  bool influence = true;         ///< false: both gradients are zero everywhere, so the result does not depend on it
  std::string pass;              ///< of a cell: "training", "evaluation", or "both" where they are the same; else empty
};

struct GradcheckReport {
  std::vector<GradcheckEntry> entries{};
  bool deterministic = true;     ///< two calls with the same numbers gave the same bits
  std::string failure{};         ///< an exception's message, empty if none
  std::string finding{};         ///< what else is wrong: "not finite: ...", "a row's result depends on the others: ..."; else empty
  bool ok() const;
};
std::ostream& operator<<(std::ostream&, const GradcheckReport&);

/// Checks a function of arrays, in float64. Its result may have any shape: a fixed random projection makes it a number.
GradcheckReport gradcheck(const std::function<Var(const std::vector<Var>&)>& f, const std::vector<Array>& inputs,
                          GradcheckOptions = {}, const std::vector<std::string>& names = {});

/// Checks every parameter of a set through the very path that trains: shards, float64 tape. Numbers that the caller has bound to
/// parameters are those at which they are checked.
GradcheckReport gradcheck(const LeafSet&, const ShardOptions&, const ShardLoss& loss, GradcheckOptions = {});
/// And every leaf of a second set that the loss reads: inputs, starting states.
GradcheckReport gradcheck(const LeafSet&, const LeafSet& inputs, const ShardOptions&, const ShardLoss& loss, GradcheckOptions = {});

/// Checks an op of one's own over inputs of these shapes, drawn from [Op::low, Op::high] or [-2, 2]; also that its `value` leaves
/// its inputs as they are.
template <class Op>
GradcheckReport gradcheck_op(const Op& op, const std::vector<Shape>& shapes, GradcheckOptions = {},
                             std::source_location where = std::source_location::current());

}  // namespace ebb

#include <ebb/autograd/gradcheck_op.hpp>
