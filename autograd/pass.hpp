#pragma once
#include <ebb/autograd/var.hpp>
#include <ebb/ops/random.hpp>

namespace ebb {

/// What a step is told and never looks up: training or evaluation, seed, update, time, and which rows these are. A mask
/// is a function of (seed, scope, name, update, time, row), so wrappers have no state and recomputation repeats masks.
///
/// Two draws of one name in one scope are the same numbers: a wrapper names each by the field it is for, `field(k).name`, and draws
/// in a scope of its own, `at.named("my wrapper")`, or the wrapper around it draws the same once more.
class Pass {
 public:
  struct Options {
    bool training = false;
    std::uint64_t seed = 0, update = 0;
    std::int64_t first_row = 0;        ///< id of this shard's first row in the batch
  };
  Pass() = default;
  explicit Pass(Options o) : o_(o), key_(Key{o.seed}.at(o.update)) {}

  bool training() const { return o_.training; }
  int time() const { return time_; }
  std::uint64_t update() const { return o_.update; }
  Pass at_time(int t) const { Pass p = *this; p.time_ = t; return p; }
  /// A scope of its own for what is drawn; scopes nest.
  Pass named(const char* scope) const { Pass p = *this; p.key_ = key_.named(scope); return p; }
  /// The same mask at every step: time left out.
  Pass per_sequence() const { Pass p = *this; p.time_ = -1; return p; }
  /// Asks the cells inside to drop their state out where it enters a product (dropout.hpp), each by a mask of its own; counts those that
  /// heard it.
  Pass with_state_dropout(double p, bool per_sequence, int& heard) const;
  /// For a cell's step: its state h as its matrices see it, `matmul(at.thinned(s.h), U)`. What the state hands on is left alone.
  Var thinned(const Var& h) const;
  /// Asks the cells inside to drop what they are about to add to their state (recurrent_dropout.hpp); counts those that heard it.
  Pass with_candidate_dropout(double p, int& heard) const { Pass q = *this; q.candidate_ = p; q.heard_ = &heard; return q; }
  /// For a gated cell's step: whether its candidate is to be dropped now, and by which factors, of like's shape.
  bool drops_candidate() const { if (heard_) ++*heard_; return o_.training && candidate_ > 0; }
  Var candidate_mask(const Var& like) const;
  /// For arrays that hold only some of the rows, or hold them in another order: entry k is row order[k]. The tokens [rows] are
  /// referred to, not copied.
  Pass of_rows(const Tokens& order) const { Pass p = *this; p.order_ = &order; return p; }

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
  double state_p_ = 0;
  bool state_per_sequence_ = true;
  int* state_heard_ = nullptr;
  double candidate_ = 0;
  int* heard_ = nullptr;
};

}  // namespace ebb
