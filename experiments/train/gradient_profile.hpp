#pragma once
#include <ebb/experiments/train/model.hpp>
#include <map>

namespace ebb::app {

/// ln of the norm of dL_T/ds_t by lag T - t and row, for one field s of a cell's state (h, c, ...).
using LagNorms =
    std::vector<std::vector<double>>;  ///< [lag][row], lags 0, 1, ...; -inf for a norm of zero, NaN if not finite
using GradientNorms = std::map<std::string, LagNorms>;  ///< by the field's name

struct ProfileSizes {
  int lags = 200, rows = 32;
  int length = 0;  ///< least number of steps to be read of sequences that have lengths of their own
  Split split = Split::test;
};

/// The sequences over which gradients are measured: the first batch of a split, of lags + 1 steps. Where sequences have
/// lengths of their own, the batch with the longest, and of shorter ones all lags that they have.
class ProfileRows {
 public:
  /// Errors    as Model::recurrent; errors of the task; ValueError if no sequence has more than one step
  ProfileRows(const Model&, const Task&, const ProfileSizes&);
  const Batch& batch() const { return batch_; }
  int rows() const { return batch_.rows(); }
  int lags() const { return lags_; }  ///< at most as many as asked for, and fewer than the longest sequence has steps
  int longest() const { return steps_of(order_.front()); }
  bool own_lengths() const { return bool(lengths_); }  ///< of the task's data, whatever length is asked for
  int steps_of(int row) const { return lengths_ ? lengths_.data()[row] : batch_.steps(); }
  const std::vector<int>& order() const { return order_; }  ///< the rows, longest first

 private:
  Batch batch_;
  Lengths lengths_;
  int lags_ = 0;
  std::vector<int> order_;
};

/// Gradients of the loss at the last step only, by row, from the initial state: with respect to the state that enters
/// the next step (at lag 0, the loss), each field an independent coordinate.
///
/// Numerics  float64 throughout, because such values underflow in float32
GradientNorms gradient_norms(const Model&, const ProfileRows&);
GradientNorms gradient_norms(const Model&, const Task&, int lags, int rows, Split split = Split::test);

/// The inputs of the recurrence in float64, [T, B, I]: of the `rows` longest sequences, as many last steps as they all
/// have, at most `steps`.
Array profile_inputs(const Model&, const ProfileRows&, int steps, int rows);

/// The norms of stacked layers ("1/h", "1/c", "2/h", ...): those of one layer by its fields, or, for layer 0, those of
/// each layer's whole state, "layer 1", "layer 2", ...
GradientNorms in_layers(const GradientNorms&, int layer);

/// The norm over the whole state, all fields together. Verdicts use it, because the division of a state into fields,
/// and their order, are choices of notation. A field without influence adds nothing. It is scaled, so no norm is
/// squared.
LagNorms whole_state(const GradientNorms&);

/// Adds the rows of one run to those of others: `all` then spans rows and seeds.
void append_rows(LagNorms& all, const LagNorms& more);

/// The decay of a gradient: mean and spread of ln norm over rows (and seeds) at each lag, and the line fitted to them.
struct Decay {
  std::vector<double> mean, spread;  ///< by lag; spread is the standard deviation. mean is -inf where most norms
                                     ///< are below 1e-300, NaN where most are not finite
  double per_step = 0;         ///< slope of mean against lag, nats per step; below zero if it vanishes. NaN if unknown
  double half_life() const;    ///< ln 2 / -per_step, in steps; NaN where the gradient grows
  double norm(int lag) const;  ///< exp(mean); NaN if the lag was not measured, or is not finite
};

constexpr double smallest_norm = 1e-300;  ///< below this, float64 loses precision and then underflows

/// Least squares over lags [first, last], using only norms above 1e-300.
Decay decay_of(const LagNorms&, int first = 10, int last = 100);

}  // namespace ebb::app
