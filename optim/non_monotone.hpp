#pragma once
#include <vector>

namespace ebb {

class Archive;

/// Says when a loss on held-out data is no longer the best of all but the last n: the AWD-LSTM begins to average then.
///
///     update(v): true from the first v on that is above min(v_0, ..., v_{k - n - 1}), k losses having been seen before it
///
/// Errors    ValueError if n is negative
/// Source    Merity et al. 2018, arXiv:1708.02182, algorithm 1
class NonMonotone final {
 public:
  explicit NonMonotone(int n = 5);
  bool update(double loss);  ///< a loss that is not a number is above all others
  explicit operator bool() const { return triggered_; }
  void visit(Archive&);

 private:
  int n_;
  bool triggered_ = false;
  std::vector<double> losses_;
};

}  // namespace ebb
