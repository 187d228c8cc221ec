#pragma once
#include <cmath>
#include <ebb/experiments/train/measure.hpp>
#include <ebb/experiments/train/model.hpp>
#include <ebb/nn/archive.hpp>
#include <ebb/optim/schedule.hpp>
#include <limits>

namespace ebb::app {

/// One update, as it is recorded.
struct CurvePoint {
  int step = 0;              ///< 1 for the first update
  double loss = 0;           ///< of the batch, before the update, in the task's unit
  double gradient_norm = 0;  ///< before clipping, of the training loss (nats, squares)
  bool clipped = false;
  double seconds = 0;  ///< since training began, validation included
  double lr = 0;       ///< of this update
  double valid = std::numeric_limits<
      double>::quiet_NaN();  ///< loss on the validation split, or the task's measure of it, of either sign
  bool validated() const { return !std::isnan(valid); }
};

/// What a run of training left behind.
struct TrainRecord {
  std::vector<CurvePoint> curve;
  int clip_events = 0;
  std::int64_t skipped = 0;  ///< updates that were not made: their gradient would have made the rule's memory infinite
  double seconds = 0;
  double speed = 0;             ///< steps or characters per second, over all rows
  std::int64_t kept_bytes = 0;  ///< by the tapes of one update
  bool interrupted = false, enough = false,
       waited = false;   ///< waited: patience was at its end, the best weights are back
  int kept = 0;          ///< with patience, the update whose weights are back; 0: those of the last
  std::string diverged;  ///< empty, or which step, and where the first number that is not finite arose
};

/// Called after every update; the bar and the lines on the screen hang on it.
using TrainWatch = std::function<void(const CurvePoint&)>;

/// Takes the place of clipping to settings.clip: may change the gradient before it is applied, and says which norm it
/// had.
struct Clipped {
  double norm = 0;  ///< before
  bool clipped = false;
};
using ClipRule = std::function<Clipped(Grads&)>;

/// All that a run hands from one update to the next, as a part of a checkpoint.
struct TrainPart {
  std::function<void(Archive&)> fields;
  void visit(Archive& a) { fields(a); }
};

/// How a run is kept so that another process can go on with it, to the very same bits: random numbers are keyed by seed
/// and update, so that there is no more to keep than numbers.
struct TrainKeeper {
  int every = 0;                                  ///< updates from one save to the next; 0: at the end only
  std::function<void(const TrainPart&)> save;     ///< also called at Ctrl-C and after the last update
  std::function<void(TrainPart&)> load;           ///< empty for a run that begins
  std::function<void(const TrainRecord&)> begin;  ///< called once before the first update, with what was loaded
};

/// The schedule over the run's updates. Errors: as make_schedule
Schedule schedule_of(const TaskSettings&);

/// The loop that all commands share: an update rule on gradients clipped to a global norm, windows whose state is
/// carried where the task says so. Ends after settings.steps, at Ctrl-C, once the validation loss is low enough, or
/// when it diverges: a loss or gradient that is not finite, or a loss a million times that of the first update.
TrainRecord train(Model&, const Task&, const TaskSettings&, std::uint64_t seed, const TrainWatch& = {},
                  const TrainKeeper& = {}, const ClipRule& = {});

/// Mean loss over a split (or its first batches), in the task's unit, without gradients. The meter, if any, sees each
/// batch.
double test_loss(const Model&, const Task&, Split, const TaskSettings&, int most_batches = 1 << 30, Meter* = nullptr);

/// One forward pass over two steps of one row: shapes that do not fit show before any long work. Errors: ShapeError
void try_out(const Model&, const Task&);

}  // namespace ebb::app
