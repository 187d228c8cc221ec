#pragma once
#include <ebb/ops/array.hpp>
#include <utility>

namespace ebb::app::observe {

/// The plane of the two leading principal components of states, in which a trajectory is looked at.
class Plane {
 public:
  /// Of at least two states [N, S]; of a state of one number, its axis and zero.
  explicit Plane(const Array& states);
  /// The coordinates of a state [S].
  std::pair<double, double> of_state(const Array&) const;
  /// Those of a direction [S], whose origin is zero.
  std::pair<double, double> of_direction(const Array&) const;
  /// The share of the states' variance in the plane; 1 if they do not vary.
  double share() const { return share_; }

 private:
  double along(const Array& v, int axis) const;
  Array mean_, axes_;  // [S], [2, S]
  double share_ = 1;
};

/// The unit eigenvector of a matrix [S, S] for the eigenvalue of largest modulus, by power iteration; empty if it has
/// not converged to 1e-6, as for a complex pair.
Array leading_direction(const Array& J);

}  // namespace ebb::app::observe
