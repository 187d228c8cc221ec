#pragma once
#include <vector>

namespace ebb {

class Archive;

/// Non-monotone trigger: detects when a validation loss is no longer below all losses except the last n. The AWD-LSTM
/// then begins to average.
///
///     update(v_k): true from the first v_k > min(v_0, ..., v_{k - n - 1}) on
///
/// Errors    ValueError if n is negative
/// Source    Merity et al. 2018, arXiv:1708.02182, algorithm 1
class NonMonotone final {
 public:
  explicit NonMonotone(int n = 5);
  bool update(double loss);  ///< NaN counts as above all others
  explicit operator bool() const { return triggered_; }
  void visit(Archive&);

 private:
  int n_;
  bool triggered_ = false;
  std::vector<double> losses_;
};

}  // namespace ebb
