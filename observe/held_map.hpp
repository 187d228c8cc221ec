#pragma once
#include <ebb/nn/cell.hpp>

namespace ebb::detail {

/// The autonomous map F(s) = step(x, s) of an input x that is held, over flat states in float64.
class HeldMap {
 public:
  /// x [I] or [1, I]. The cell must outlive the map.
  HeldMap(const Cell& cell, const Array& x);
  int size() const { return size_; }  ///< S
  const Cell& cell() const { return cell_; }
  Array operator()(const Array& s) const { return at(s, StepContext().at_time(0)); }  ///< [n, S] -> [n, S]
  /// J - I with J the exact Jacobian of F, [n, S] -> [n, S, S].
  Array jacobian_minus_identity(const Array& s) const;
  /// How many rows to differentiate at once.
  int block() const;
  /// The reason why F is not one map, or an empty text: from one of these states [n, S], or from one near them, the
  /// step leads elsewhere with another seed (the cell draws random numbers) or at another time.
  ///
  /// Numerics  results are compared bit by bit, for 8 seeds, times 0 to 32 and powers of two up to 2^20. What a cell
  ///           does at other times only, or in other states only, is not noticed
  std::string not_autonomous(const Array& states) const;
  /// Throws it as a ValueError.
  void check_autonomous(const Array& states) const;

 private:
  Array at(const Array& s, const StepContext& at) const;
  Array inputs(int rows) const;
  const Cell& cell_;
  int size_;
  Array x_;  // [1, I]
};

}  // namespace ebb::detail
