#pragma once
#include <ebb/autograd/var.hpp>
#include <ebb/ops/random.hpp>

namespace ebb {

/// Rates of dropout inside a cell, which the cell's step applies (nn/drop.hpp).
struct DropRates {
  double state = 0;          ///< of the state, where it enters a recurrent product
  double candidate = 0;      ///< of a gated cell's candidate
  bool per_sequence = true;  ///< one mask of the state for all steps of a sequence, else one per step
};

/// The context of a step: training or evaluation, seed, update, time, and the identity of its rows. A mask is a
/// function of (seed, scope, name, update, time, row), so wrappers have no state and recomputation repeats masks.
///
/// Two draws with one name in one scope give the same values. A wrapper therefore names each draw after its field,
/// `field(k).name`, and draws in its own scope, `at.named("my wrapper")`; else an outer wrapper would repeat its draws.
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
  /// A nested scope for random draws.
  StepContext named(const char* scope) const {
    StepContext p = *this;
    p.key_ = key_.named(scope);
    return p;
  }
  /// The same mask at every step: draws do not depend on time.
  StepContext per_sequence() const {
    StepContext p = *this;
    p.time_ = -1;
    return p;
  }
  /// For wrappers: requests dropout inside cells. A cell without support ignores it, so wrappers check `Cell::drops`.
  StepContext dropping(const DropRates& r) const {
    StepContext p = *this;
    p.rates_ = r;
    return p;
  }
  const DropRates& drop_rates() const { return rates_; }
  /// Whether dropout inside cells is active: in training, at a rate above zero.
  bool drops() const { return o_.training && (rates_.state > 0 || rates_.candidate > 0); }
  /// For arrays with a subset or permutation of the rows: entry k is row order[k]. `order` [rows] is not copied.
  StepContext of_rows(const Tokens& order) const {
    StepContext p = *this;
    p.order_ = &order;
    return p;
  }

  /// Random values with like's shape [rows, ...], constant on the tape, with the line of the call.
  Var bernoulli(const char* name, const Var& like, double p,
                std::source_location where = std::source_location::current()) const;
  /// For like [T, rows, ...]: the values of `bernoulli` at times 0 to T - 1, for layers over all steps at once.
  Var bernoulli_of_steps(const char* name, const Var& like, double p,
                         std::source_location where = std::source_location::current()) const;
  Var uniform(const char* name, const Var& like, double low = 0, double high = 1,
              std::source_location where = std::source_location::current()) const;
  Var normal(const char* name, const Var& like, double mean = 0, double deviation = 1,
             std::source_location where = std::source_location::current()) const;
  /// One coin per step, the same for all rows.
  bool coin(const char* name, double p) const;

 private:
  Key key(const char* name) const;
  template <class F> Var drawn(const Var& like, const F& draw, const std::source_location&) const;
  Options o_;
  Key key_;
  int time_ = -1;
  const Tokens* order_ = nullptr;
  DropRates rates_;
};

}  // namespace ebb
