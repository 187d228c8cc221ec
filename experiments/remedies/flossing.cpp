#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/train/remedy.hpp>
#include <ebb/nn/sequence/step_jacobian.hpp>
#include <ebb/observe/flossing.hpp>

namespace ebb::app {
namespace {

/// Gradient flossing: before training, and optionally during it, updates that move the leading Lyapunov exponents of
/// the cell, along the task's inputs, to zero.
///
///     loss of an own update = mean over rows and i <= k of lambda_i^2
///
/// Options   before=50, updates before the first of the task's loss; every=0, updates of the task's loss between
///           further ones, 0: none; times=2, how often; updates=50, each time; exponents=0, k, 0: 15/16 of the state;
///           horizon=55 steps, of which warmup=16 are not measured; qr=1, steps between orthonormalisations; rows=1;
///           lr=.001
/// Source    Engelken 2023, arXiv:2312.17306, and the authors' code, RainerEngelken/GradientFlossing: 80 units, 75
///           exponents, horizon 55 of which the first 16 are dropped, one sequence, AdamW at .001 without decay, no
///           clipping; 50 updates before training and 50 more after 10 and 20, or 500 after 100 and 200
/// Differs   the first half of the warm-up is without directions, as in `lyapunov`; the initial state is the cell's,
///           where the authors train it
class FlossingRemedy final : public Remedy, public OwnUpdates {
 public:
  static constexpr const char* first = "before";
  explicit FlossingRemedy(GivenOptions& given)
      : before_(whole(given, "before", 50, 0, "updates before training")),
        every_(whole(given, "every", 0, 0, "updates of training between further ones; 0: none")),
        times_(whole(given, "times", 2, 0, "how often they happen during training")),
        updates_(whole(given, "updates", 50, 1, "updates each time during training")),
        exponents_(whole(given, "exponents", 0, 0, "leading Lyapunov exponents; 0: 15/16 of the state")),
        horizon_(whole(given, "horizon", 55, 2, "steps of the sequence, at most --length")),
        warm_up_(whole(given, "warmup", 16, 0, "steps of these that are not measured")),
        qr_(whole(given, "qr", 1, 1, "steps between orthonormalisations")),
        rows_(whole(given, "rows", 1, 1, "sequences in an update")),
        lr_(given.number("lr", 1e-3, "learning rate of Adam")) {
    if (!(lr_ > 0)) throw ValueError("flossing: lr must be above 0");
    if (warm_up_ >= horizon_) throw ValueError("flossing: warmup must be less than horizon");
  }

  void check(const Cell& cell, const TaskSettings& s) const override {
    const int S = state_size(cell);
    if (exponents_ > S)
      throw ValueError(fmt::format("exponents must be at most {}, the size of the state of cell {}, but is {}", S,
                                   cell.name(), exponents_));
    if (s.length <= warm_up_)
      throw ValueError(fmt::format("the sequences have {} steps, but warmup is {}", s.length, warm_up_));
  }

  std::string hint() const override {
    return ": an exponent is infinite if a step maps one of the directions to zero; `ebb observe --measure lyapunov` "
           "counts such directions, and exponents=K follows fewer";
  }

  int due(int step) const override {
    if (step == 1) return before_;
    const int passed = step - 1;
    return every_ > 0 && passed % every_ == 0 && passed / every_ <= times_ ? updates_ : 0;
  }
  int rows() const override { return rows_; }
  int steps(const TaskSettings& s) const override { return std::min(horizon_, s.length); }
  int order() const override { return 2; }
  double lr() const override { return lr_; }

  PartialLoss loss(Shard& s, const Cell& cell, const Sequence& x) const override {
    const int S = state_size(cell), k = exponents_ > 0 ? exponents_ : std::max(1, S * 15 / 16);
    const Var lambda = flossing_exponents(cell, x, {}, {.directions = k, .warm_up = warm_up_, .every = qr_});
    return s.mean_rows(mean(square(lambda), -1));
  }

 private:
  static int whole(GivenOptions& given, const char* name, int value, int least, const char* help) {
    return static_cast<int>(given.whole(name, value, least, 1'000'000, help));
  }
  int before_, every_, times_, updates_, exponents_, horizon_, warm_up_, qr_, rows_;
  double lr_;
};
EBB_REMEDY(flossing, FlossingRemedy, "moves the leading Lyapunov exponents to zero, Engelken 2023");

}  // namespace
}  // namespace ebb::app
