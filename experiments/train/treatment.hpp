#pragma once
#include <ebb/experiments/train/remedy.hpp>
#include <ebb/experiments/train/train.hpp>
#include <ebb/optim/optimizer.hpp>

namespace ebb::app {

/// The remedies of one run of training, with the state that they keep from update to update.
class Treatment {
 public:
  /// Errors    as make_remedies
  Treatment(Model&, const Task&, const TaskSettings&, std::uint64_t seed);
  ~Treatment();

  bool empty() const { return remedies_.empty(); }
  const std::vector<std::unique_ptr<const Remedy>>& remedies() const { return remedies_; }

  /// Makes the remedies' own updates that are due before this update, and records their losses. Returns what diverged;
  /// empty if nothing did. `each` is called before each of them, and may throw.
  std::string before(int step, std::vector<RemedyPoint>& record, const std::function<void()>& each = {});
  /// Makes one own update of the remedy with this index, the `number`-th, whether or not it is due; returns its loss.
  double own_update_of(std::size_t remedy, int number);
  /// The options for an update of the task's loss with the penalties.
  ShardOptions options(ShardOptions) const;
  PartialLoss loss(Shard&, const Batch&, const StateArrays& carried) const;
  /// Takes the penalties out of the result's loss, which is the task's again, and records them.
  void settle(Result&, int step, std::vector<RemedyPoint>& record) const;
  /// The gradient rules, or empty if there is none.
  std::optional<Clipped> clip(Grads&) const;
  /// State for a checkpoint; nothing if there is none.
  void visit(Archive&);

 private:
  struct Own;
  double own_update(Own&, int number);
  Model& model_;
  const Task& task_;
  const TaskSettings settings_;
  const std::uint64_t seed_;
  std::vector<std::unique_ptr<const Remedy>> remedies_;
  std::vector<const PenaltyOnRun*> penalties_;  // null where a remedy has none
  std::vector<std::unique_ptr<Own>> own_;
};

/// Tries the remedies of the settings on the first rows of a batch before any long work: a penalty with its gradient,
/// and the loss of own updates.
/// Errors    those of the remedies, naming the remedy; ValueError for a task with a network of its own, a layer that
///           has no step, a loss that is not finite, or settings without an update
void try_remedies(const Model&, const Task&, const TaskSettings&, const Batch& first);

}  // namespace ebb::app
