#pragma once
#include <ebb/ops/array.hpp>
#include <ebb/ops/random.hpp>
#include <vector>

namespace ebb::detail {

/// Orthonormal tangent directions of one row, propagated step by step; their growth; and the check of that growth by
/// determinants.
class Directions {
 public:
  /// k of S directions. All S start as the axes, so that decoupled units stay exactly decoupled; fewer are random.
  Directions(int S, int k, int blocks, Key key);
  /// [S, m], the m directions that are not lost.
  const Array& basis() const { return Q_; }
  int left() const { return static_cast<int>(index_.size()); }

  /// Replaces Q by the orthonormalised A = J Q [S, m]. If J [S, S] is given, the growth is checked. block: the block of
  /// steps in which the growth counts, or -1.
  void follow(Array A, const Array* J, int block);

  /// The sum of ln |R[i, i]| over a block; -inf for a lost direction.
  double growth(int block, int direction) const;
  double sum() const { return sum_; }                          ///< of all growth
  double log_determinant() const { return log_determinant_; }  ///< over the same steps
  int lost() const { return k_ - left(); }
  int lost_by_elimination() const { return lost_by_elimination_; }

 private:
  Array orthonormal(const Array& A, std::vector<double>& diagonal) const;
  std::vector<int> lost_columns(const Array& A, const std::vector<double>& diagonal) const;
  Array without(const Array& A, const std::vector<int>& columns);
  double eliminate(const Array& A, const Array& J, const Array& Q) const;
  int S_, k_;
  Array Q_;                     // [S, m]
  std::vector<int> index_;      // position of each remaining direction among the k
  std::vector<double> growth_;  // [blocks, k]
  double sum_ = 0, log_determinant_ = 0;
  int lost_by_elimination_ = 0;
};

}  // namespace ebb::detail
