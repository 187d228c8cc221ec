#pragma once
#include <ebb/nn/losses/ctc.hpp>
#include <vector>

namespace ebb::detail {

/// The checked labels of a batch.
struct CtcBatch {
  Lengths lengths;        ///< [B]
  Tokens labels;          ///< [B, L]
  Lengths label_lengths;  ///< [B]
  CtcOptions o;

  int rows() const { return lengths.dim(0); }
  int length(int row) const { return lengths.data()[row]; }
  int label_length(int row) const { return label_lengths.data()[row]; }
  int label(int row, int k) const { return labels.data()[row * labels.dim(1) + k]; }
  /// Number of states of a row: its labels with blanks before, between and after them.
  int states(int row) const { return 2 * label_length(row) + 1; }
  int state(int row, int s) const { return s % 2 ? label(row, s / 2) : o.blank; }
  /// Whether a path may enter state s from s - 2, skipping a blank: only between different labels.
  bool may_skip(int row, int s) const { return s % 2 && s >= 3 && label(row, s / 2) != label(row, s / 2 - 1); }
  int steps_needed(int row) const;
  bool possible(int row) const { return steps_needed(row) <= length(row); }
  /// The loss of a row that does not depend on its logits, else NaN.
  double loss_without_logits(int row) const;
  void check(const Shape& logits) const;
};

/// The sums over paths of one row, in logarithms.
template <class T> class CtcRow {
 public:
  CtcRow(const CtcBatch& batch, const Array& logits, int row);
  double loss();                      ///< forward recursion
  void gradient(double g, Array& d);  ///< after loss(); overwrites the row's steps of d [T, B, V]

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

/// The same as a composition of Vars, for higher-order gradients.
Var ctc_in_vars(const At& logits, const CtcBatch& batch);

}  // namespace ebb::detail
