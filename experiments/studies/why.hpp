#pragma once
#include <ebb/experiments/train/gradient_profile.hpp>
#include <ebb/observe/estimate.hpp>
#include <ebb/observe/jacobians.hpp>
#include <ebb/observe/memory_gates.hpp>
#include <limits>
#include <optional>
#include <string>
#include <vector>

/// Why the gradient of a cell vanishes or not: sentences that follow from measured values by rules. Shared by
/// `ebb vanish` and `ebb observe`.
namespace ebb::app::study {

/// What a gradient does over the T steps of a sequence, from its rate per step and the error of that. The one rule for
/// all sentences and tables.
enum class Trend {
  unknown,   ///< NaN
  gone,      ///< no gradient comes back: the rate is -∞
  steady,    ///< by less than a factor of two, and within two standard errors of no change, or with an error unknown
  unclear,   ///< a larger change, but within two standard errors of none
  falls,     ///< by less than two decades
  vanishes,  ///< by two decades or more
  grows,     ///< by less than two decades
  explodes   ///< by two decades or more
};
Trend trend_of(const Estimate& rate, int length);
/// The rate in a sentence: "the gradient falls by 0.17 ± 0.01 nats per step and halves every 4.0 steps: over the 50
/// steps of a training sequence it shrinks to 10⁻³·⁷."
std::string gradient_text(const Estimate& rate, int length);

/// A watched value that multiplies the state (observe/memory_gates.hpp).
struct GateEvidence {
  std::string name, field;
  int from = 0;             ///< first unit of the field
  double misfit = 0;        ///< of the factor and the derivative of the field with respect to itself
  bool complement = false;  ///< 1 - value multiplies the field
  double first = 0, median = 0, third = 0, longest = 0;  ///< time scales, quartiles and largest over units, steps
  double alone = 0;                    ///< rate of a gradient that comes back through this gate alone, nats per step
  double near_zero = 0, near_one = 0;  ///< shares of its values within .1 of 0 and of 1
  int seeds = 1, of_seeds = 1;         ///< of a mean: for how many of the seeds it multiplies the field

  std::string factor() const { return complement ? "1 - " + name : name; }
};

/// Of gates that fit one field, or one head of it, the one for the most seeds, and of these the nearest.
std::vector<GateEvidence> nearest_gates(const std::vector<GateEvidence>&);
/// "1 - step_y multiplies y, 1 - step_z multiplies z"; "f multiplies c and n".
std::string gates_text(const std::vector<GateEvidence>&);

/// The recurrent matrix of h' = f(x W + h U + b).
struct MatrixEvidence {
  double sigma_max = 0, bound = 1;  ///< Pascanu's bound is 1 / the largest slope of f
  double radius = 0;                ///< the largest modulus of its eigenvalues
  /// The mean of ln |f'| along the data, over units, rows and steps; NaN for relu
  double log_slope = std::numeric_limits<double>::quiet_NaN();
  int seeds = 1, seeds_below = 0;  ///< of a mean: of how many, and for how many of them sigma_max is below the bound
};

/// What was measured of one cell; NaN or empty where it was not. Rates in nats per step.
struct Evidence {
  std::string name;                           ///< of the subject, the first word of its sentences
  std::string cell;                           ///< with its options: remedies are named by them
  int length = 0;                             ///< T, steps of a sequence in training
  int first = 10, last = 100;                 ///< lags over which the gradient's decay was measured
  Estimate decay{unmeasured, unmeasured};     ///< of the gradient's norm with the lag
  Estimate exponent{unmeasured, unmeasured};  ///< the largest Lyapunov exponent along the data
  std::vector<GateEvidence> gates{};          ///< all that fit a field: `nearest_gates` has one of each
  bool gates_known = false;                   ///< gates that multiply the state were looked for
  std::optional<MatrixEvidence> matrix{};
  std::string missing{};  ///< why something was not measured
  static constexpr double unmeasured = std::numeric_limits<double>::quiet_NaN();
};

/// Two or three sentences: what the gradient does over a sequence of training, whether the dynamics of the state say
/// the same, and, if it vanishes, which gate or matrix explains that, with the remedy that the cell has. None if
/// nothing was measured.
std::vector<std::string> why(const Evidence&);
/// The same as one paragraph.
std::string why_text(const Evidence&);
/// The thresholds of these rules, for the page.
std::string why_rules();

/// The decay with its error over rows: that of the rows' own slopes.
Estimate decay_estimate(const LagNorms&, int first = 10, int last = 100);
/// That of several runs: the slope of all rows; the error over runs, or over the rows of a single one.
Estimate pooled_decay(const std::vector<const LagNorms*>& runs, int first = 10, int last = 100);

/// Measures exponent, memory gates and recurrent matrix of a model along at most `steps` steps of `count` of these
/// sequences; the decay is that of `norms`.
///
/// What cannot be measured of a cell is left out, and `missing` has the reason. Errors: as Model::recurrent
Evidence evidence_of(const Model&, const ProfileRows&, const std::string& cell, int length, const LagNorms& norms,
                     int steps, int count);
/// The mean of several runs of one cell: the decay is that of all their rows, errors are those of the mean over runs.
Evidence mean_evidence(const std::vector<const Evidence*>&, const LagNorms& of_all);
constexpr int most_probed_state = 512;  ///< S up to which gates are compared with Jacobians
/// Its parts for a caller with inputs of its own.
/// Errors    ValueError if the state is larger than that
std::vector<GateEvidence> gate_evidence(const Cell&, const Drive&, int first, int last);
/// None unless the model's recurrence is a `rnn` of one layer.
std::optional<MatrixEvidence> matrix_evidence(const Model&, const std::string& cell, const Drive&);

}  // namespace ebb::app::study
