#pragma once
#include <cmath>
#include <ebb/experiments/train/measure.hpp>
#include <ebb/experiments/train/model.hpp>
#include <ebb/nn/archive.hpp>
#include <ebb/optim/schedule.hpp>
#include <limits>

namespace ebb::app {

/// The record of one update.
struct CurvePoint {
  int step = 0;              ///< 1 for the first update
  double loss = 0;           ///< of the batch, before the update, in the task's unit
  double gradient_norm = 0;  ///< before clipping, of the training loss (nats, squares)
  bool clipped = false;
  double seconds = 0;  ///< since training began, including validation
  double lr = 0;       ///< of this update
  double valid = std::numeric_limits<
      double>::quiet_NaN();  ///< loss on the validation split, or the task's measure of it, of either sign
  bool validated() const { return !std::isnan(valid); }
};

/// A number that a remedy contributed: the penalty of an update, or the loss of an update of its own before it.
struct RemedyPoint {
  int step = 0;
  int remedy = 0;  ///< index among those of the run
  double value = 0;
};

/// The record of a training run.
struct TrainRecord {
  std::vector<CurvePoint> curve;
  int clip_events = 0;
  std::int64_t skipped = 0;  ///< skipped updates: their gradients would have made the optimiser's moments infinite
  double seconds = 0;
  double speed = 0;             ///< steps or characters per second, over all rows
  std::int64_t kept_bytes = 0;  ///< by the tapes of one update
  bool interrupted = false, enough = false,
       waited = false;                ///< waited: patience was exhausted, and the best weights were restored
  bool paused = false;                ///< ended at TrainKeeper::pause_at, before its last update
  int kept = 0;                       ///< with patience, the update whose weights were restored; 0: the last
  std::vector<RemedyPoint> remedies;  ///< by update
  std::string diverged;  ///< empty, or the step and the origin of the first value that is not finite or too large
};

/// Called after every update, for the progress bar and printed lines.
using TrainWatch = std::function<void(const CurvePoint&)>;

/// Replaces clipping to settings.clip and by remedies: may change the gradient before it is applied, and returns the
/// norm before.
struct Clipped {
  double norm = 0;  ///< before
  bool clipped = false;
};
using ClipRule = std::function<Clipped(Grads&)>;

/// Everything that a run carries from one update to the next, as a part of a checkpoint.
struct TrainPart {
  std::function<void(Archive&)> fields;
  void visit(Archive& a) { fields(a); }
};

/// How a run is saved so that another process can resume it with bit-identical results: random numbers are keyed by
/// seed and update, so there is no generator state to save.
struct TrainKeeper {
  int every = 0;                                  ///< updates between saves; 0: only at the end
  std::function<void(const TrainPart&)> save;     ///< also called on Ctrl-C and after the last update
  std::function<void(TrainPart&)> load;           ///< empty for a new run
  std::function<void(const TrainRecord&)> begin;  ///< called once before the first update, with the loaded record
  /// Looks at the model between updates: before the first, after every `observe_every` (0: never) and after the last,
  /// with the weights that training continues from; not where Ctrl-C ends the run, nor after divergence. It is called
  /// before that update is saved, and again when a run is resumed from such an update, or had ended. The curve's clock
  /// stands still.
  std::function<void(int update)> observe{};
  int observe_every = 0;
  /// Sees the gradients of every `look_every` updates (0: never), before clipping, while the weights are those that
  /// they belong to. The curve's clock stands still.
  std::function<void(const Grads&)> look{};
  int look_every = 0;
  int pause_at = 0;  ///< training ends after this update as after Ctrl-C, to be resumed; 0: it does not
};

/// Whether an update has diverged, by the definition of every command: its loss or gradient is not finite, or its loss
/// is a million times that of the first update. Losses are those of training (nats, squares). Returns what diverged;
/// empty if nothing did.
std::string divergence(double loss, double gradient_norm, double first_loss, const TaskInfo&);
/// The same after the last update, which no further update can reveal: `loss` is that of the next batch, computed with
/// the weights after the update. A weight that is not finite is divergence too.
std::string divergence_at_end(const LeafSet& weights, double loss, double first_loss, const TaskInfo&);

/// The schedule over the run's updates. Errors: as make_schedule
Schedule schedule_of(const TaskSettings&);

/// The loop that all commands share: an optimiser on gradients clipped to a global norm, the remedies of the settings,
/// and windows whose state is carried if the task requires it. Ends after settings.steps, on Ctrl-C, once the
/// validation loss is low enough, or when training diverges.
TrainRecord train(Model&, const Task&, const TaskSettings&, std::uint64_t seed, const TrainWatch& = {},
                  const TrainKeeper& = {}, const ClipRule& = {});

/// Mean loss over a split (or its first batches), in the task's unit, without gradients. The meter, if any, receives
/// each batch.
double test_loss(const Model&, const Task&, Split, const TaskSettings&, int most_batches = 1 << 30, Meter* = nullptr);

}  // namespace ebb::app
