#pragma once
#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

namespace ebb::app::sweep {

/// Stands for the last update of a run.
inline constexpr int to_the_end = std::numeric_limits<int>::max();

/// What to train next: one configuration up to an update.
struct Leg {
  std::size_t configuration = 0;  ///< index, from 0
  int until = to_the_end;
  std::optional<std::size_t> seed{};  ///< index of a seed; none: each of them
  bool operator==(const Leg&) const = default;
};

/// Decides which configurations are trained, how far, and in which order.
class Schedule {
 public:
  virtual ~Schedule();
  /// The next leg; none if nothing is left, or others have to end before one is chosen.
  virtual std::optional<Leg> next() = 0;
  /// All runs of a leg have ended. `score` is the mean of the validation, the lower the better; NaN if a seed has none.
  virtual void ended(const Leg&, double score) = 0;
};

/// Every configuration with every seed to its end. All configurations of the first seed come first, so that a sweep
/// that is stopped has compared them.
std::unique_ptr<Schedule> train_all(std::size_t configurations, std::size_t seeds);

/// The updates at which successive halving decides: steps / eta^k, as multiples of the updates between validations,
/// ending with to_the_end. Their number is such that at least one configuration is left for the last one, and that each
/// comes with a validation.
///
///     rungs_of(27, 1000, 3) = {50, 100, 350, to_the_end}: 27 configurations to update 50, 9 to 100, 3 to 350, 1 to the end
std::vector<int> rungs_of(std::size_t configurations, int steps, int eta);

/// How many configurations begin at each rung: a share of 1 / eta of those before, rounded down.
std::vector<std::size_t> sizes_of(std::size_t configurations, std::size_t rungs, int eta);

/// Successive halving: all configurations to the first rung; the best of them to the next one, once all have reached
/// it. What it chooses depends on the scores alone, so a sweep repeats.
///
/// Source    Karnin et al. 2013; Jamieson & Talwalkar 2016, arXiv:1502.07943
std::unique_ptr<Schedule> halving(std::size_t configurations, std::vector<int> rungs, int eta);

/// Asynchronous successive halving: a configuration continues as soon as it is among the best 1 / eta of those that
/// have reached its rung so far. No process waits for others, but what is chosen depends on which of them end first.
///
/// Source    Li et al. 2020, arXiv:1810.05934
std::unique_ptr<Schedule> asynchronous_halving(std::size_t configurations, std::vector<int> rungs, int eta);

}  // namespace ebb::app::sweep
