#pragma once
#include <ebb/ops/pool_allocator.hpp>
#include <string>

namespace ebb {

/// Which states a run keeps so that the steps between them can be run again in the backward pass, instead of keeping
/// the values of every step. Gradients have the same bits. S: bytes of a state, A: of the values that a step records.
///
///     none                 T A bytes                            each step is run once
///     every k              T / k S + k A                        each step but the last k is run twice
///     square_root          the same with k = sqrt(T), rounded up
///     revolve s            at most s S + A                      a step is run again up to r times, where s + r over s
///                                                               is at least T: no schedule takes fewer steps
///
/// A number converts to `every`.
///
/// Source    Chen et al. 2016, arXiv:1604.06174 (square root); Griewank & Walther 2000, Algorithm 799,
///           doi:10.1145/347837.347846 (revolve)
class Checkpoint {
 public:
  Checkpoint() = default;  ///< none
  Checkpoint(int every);   ///< Errors: ValueError below 1
  static Checkpoint square_root();
  /// At most so many states at a time, the first included; 0: as few as let no step be run more than three times before
  /// it is recorded, about the cube root of 6 T. Errors: ValueError below 0
  static Checkpoint revolve(int states = 0);
  /// "none", "sqrt", "revolve", "revolve:30" or a number of steps. Errors: ValueError naming these
  static Checkpoint parse(const std::string&);

  explicit operator bool() const { return kind_ != Kind::none; }  ///< false: none

 private:
  friend class CheckpointPlan;
  enum class Kind { none, every, square_root, revolve } kind_ = Kind::none;
  int number_ = 0;
};

/// A Checkpoint for T steps: states are kept from the first step to the last, then steps are recorded and swept in
/// blocks from the last to the first.
class CheckpointPlan {
 public:
  CheckpointPlan(const Checkpoint&, int steps);
  int block() const { return block_; }    ///< steps recorded at once
  int states() const { return states_; }  ///< that may be kept at a time besides the first
  /// The steps from `begin` to `end` are to be swept, more than a block; the state at `begin` is known, and `free` more
  /// may be kept. The step up to which to run; its state is kept if free > 0.
  int next(int begin, int end, int free) const;
  /// The steps at whose beginning states are kept in the forward pass, besides the first.
  const PoolVector<int>& kept() const { return kept_; }
  /// The forward pass records the steps from here on.
  int recorded_from() const { return recorded_from_; }

 private:
  bool binomial_ = false;
  int block_, states_, recorded_from_;
  PoolVector<int> kept_;
};

}  // namespace ebb
