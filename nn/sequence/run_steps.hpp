#pragma once
#include <ebb/nn/cell.hpp>
#include <ebb/nn/sequence/packing.hpp>
#include <ebb/nn/sequence/unroll_options.hpp>

namespace ebb::detail {

/// The steps of a run, in the order in which they are taken: k counts them, t is the time.
class RunSteps {
 public:
  /// Without a packing, every step has `rows` rows. The cell must outlive it.
  RunSteps(const Cell&, const StepContext&, Direction, Packing, int steps, int rows, const std::source_location&);
  RunSteps(const RunSteps&) = delete;
  RunSteps& operator=(const RunSteps&) = delete;

  struct Made {
    State state;
    std::uint32_t end;  ///< last node of the step without its output
    Var output;
  };
  int count() const { return steps_; }
  int time(int k) const { return direction_ == Direction::backward ? steps_ - 1 - k : k; }
  int rows(int k) const { return packing_ ? packing_.alive(time(k)) : rows_; }
  /// Whether step k is the last one of some row.
  bool ends_rows(int k) const {
    return packing_ && direction_ == Direction::forward && packing_.alive(k + 1) < packing_.alive(k);
  }
  const Cell& cell() const { return cell_; }
  /// The state before step 0: empty if rows begin at different steps.
  State start(const State& initial) const { return direction_ == Direction::forward ? initial : State(); }
  /// Step k over x, [T, B, I] or packed, from the state after the step before.
  Made take(int k, const Var& x, const State& last, const State& initial) const;

 private:
  const Cell& cell_;
  const Packing packing_;
  const StepContext context_;
  const Direction direction_;
  const int steps_, rows_;
  const std::source_location where_;
};

}  // namespace ebb::detail
