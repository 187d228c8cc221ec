#pragma once
#include <ebb/autograd/var.hpp>
#include <ebb/ops/random.hpp>

namespace ebb {

/// How likely a cell is to drop values of its own, which only its step can do (nn/drop.hpp).
struct DropRates {
  double state = 0;          ///< values of the state, where they enter a recurrent product
  double candidate = 0;      ///< values of what a gated cell is about to add to its state
  bool per_sequence = true;  ///< the state's mask: one for all steps of a sequence, else one for each step
};

/// What a step is told and never looks up: training or evaluation, seed, update, time, and which rows these are. A mask
/// is a function of (seed, scope, name, update, time, row), so wrappers have no state and recomputation repeats masks.
///
/// Two draws of one name in one scope are the same numbers: a wrapper names each by the field it is for,
/// `field(k).name`, and draws in a scope of its own, `at.named("my wrapper")`, or the wrapper around it draws the same
/// once more.
class StepContext {
 public:
  struct Options {
    bool training = false;
    std::uint64_t seed = 0, update = 0;
    std::int64_t first_row = 0;  ///< id of this shard's first row in the batch
  };
  StepContext() = default;
  explicit StepContext(Options o) : o_(o), key_(Key{o.seed}.at(o.update)) {}

  bool training() const { return o_.training; }
  int time() const { return time_; }
  std::uint64_t update() const { return o_.update; }
  StepContext at_time(int t) const {
    StepContext p = *this;
    p.time_ = t;
    return p;
  }
  /// A scope of its own for what is drawn; scopes nest.
  StepContext named(const char* scope) const {
    StepContext p = *this;
    p.key_ = key_.named(scope);
    return p;
  }
  /// The same mask at every step: time left out.
  StepContext per_sequence() const {
    StepContext p = *this;
    p.time_ = -1;
    return p;
  }
  /// For wrappers: what the cells inside are to drop. A cell that cannot ignores it, so a wrapper asks `Cell::drops`
  /// first.
  StepContext dropping(const DropRates& r) const {
    StepContext p = *this;
    p.rates_ = r;
    return p;
  }
  const DropRates& drop_rates() const { return rates_; }
  /// Whether anything inside a cell is to be dropped in this step: in training, at a rate above zero.
  bool drops() const { return o_.training && (rates_.state > 0 || rates_.candidate > 0); }
  /// For arrays that hold only some of the rows, or hold them in another order: entry k is row order[k]. The tokens
  /// [rows] are referred to, not copied.
  StepContext of_rows(const Tokens& order) const {
    StepContext p = *this;
    p.order_ = &order;
    return p;
  }

  /// Random numbers of like's shape [rows, ...], constant on the tape.
  Var bernoulli(const char* name, const Var& like, double p) const;
  /// like [T, rows, ...]: what bernoulli gives at the times 0 to T - 1, for what is done on all steps at once.
  Var bernoulli_of_steps(const char* name, const Var& like, double p) const;
  Var uniform(const char* name, const Var& like, double low = 0, double high = 1) const;
  Var normal(const char* name, const Var& like, double mean = 0, double deviation = 1) const;
  /// One coin for the whole step, the same for every row.
  bool coin(const char* name, double p) const;

 private:
  Key key(const char* name) const;
  template <class F> Var drawn(const Var& like, const F& draw) const;
  Options o_;
  Key key_;
  int time_ = -1;
  const Tokens* order_ = nullptr;
  DropRates rates_;
};

}  // namespace ebb
