#pragma once
#include <ebb/nn/losses/ctc.hpp>
#include <vector>

namespace ebb::detail {

/// The labels of a whole batch, checked.
struct CtcBatch {
  Lengths lengths;        ///< [B]
  Tokens labels;          ///< [B, L]
  Lengths label_lengths;  ///< [B]
  CtcOptions o;

  int rows() const { return lengths.dim(0); }
  int length(int row) const { return lengths.data()[row]; }
  int label_length(int row) const { return label_lengths.data()[row]; }
  int label(int row, int k) const { return labels.data()[row * labels.dim(1) + k]; }
  /// The states of a row's labels: a blank before, between and behind them.
  int states(int row) const { return 2 * label_length(row) + 1; }
  int state(int row, int s) const { return s % 2 ? label(row, s / 2) : o.blank; }
  /// A path may come to state s from s - 2: over a blank, but not from a label to its equal.
  bool may_skip(int row, int s) const { return s % 2 && s >= 3 && label(row, s / 2) != label(row, s / 2 - 1); }
  int steps_needed(int row) const;
  bool possible(int row) const { return steps_needed(row) <= length(row); }
  /// The loss of a row of whose logits nothing is asked, else NaN.
  double loss_without_logits(int row) const;
  void check(const Shape& logits) const;
};

/// One row's sums over paths, in logarithms.
template <class T> class CtcRow {
 public:
  CtcRow(const CtcBatch& batch, const Array& logits, int row);
  double loss();                      ///< runs forward
  void gradient(double g, Array& d);  ///< after loss(): adds nothing, writes the row's steps into d [T, B, V]

 private:
  const T* logits_of(int t) const { return logits_ + (std::int64_t{t} * rows_ + row_) * stride_; }
  double& alpha(int t, int s) { return alpha_[static_cast<std::size_t>(std::int64_t{t} * states_ + s)]; }
  double log_p(int t, int k) const { return static_cast<double>(logits_of(t)[k]) - norm_[static_cast<std::size_t>(t)]; }
  void normalise();
  void step_back(int t, std::vector<double>& beta) const;

  const CtcBatch& batch_;
  const T* logits_;
  std::int64_t stride_;
  int row_, rows_, classes_, steps_, states_;
  std::vector<double> norm_, alpha_;
  double log_probability_ = 0;
};

extern template class CtcRow<float>;
extern template class CtcRow<double>;

/// The same as a composition of Vars, for gradients of gradients.
Var ctc_in_vars(const At& logits, const CtcBatch& batch);

}  // namespace ebb::detail
