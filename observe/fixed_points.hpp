#pragma once
#include <ebb/observe/trajectory.hpp>
#include <vector>

namespace ebb {

struct FixedPointOptions {
  double tolerance = 1e-24;  ///< of q, below which a point is fixed
  double distance = 1e-6;    ///< relative, up to which ends of the descent are linked to one point
  double neutral = 1e-6;     ///< deviation of |lambda| from 1 up to which a direction is neutral
  int iterations = 300;      ///< at most, per start
  double largest = 1e6;      ///< norm of a state beyond which no point is looked for
};

/// How the descent from a start ended.
enum class DescentEnd {
  fixed,       ///< q is below the tolerance
  slow,        ///< at a local minimum of q above it
  unfinished,  ///< neither: q keeps falling, often towards saturation at infinity, or rounding exceeds the tolerance
  not_finite,  ///< F or its Jacobian is infinite or NaN
  too_large,   ///< |s| is above the largest norm, at the start already or on the way
};

enum class PointKind {
  stable,          ///< every |lambda| < 1
  saddle,          ///< some |lambda| > 1
  unstable,        ///< every |lambda| > 1
  non_hyperbolic,  ///< some |lambda| = 1, so the linear map does not determine the stability
};
const char* name_of(PointKind);  ///< "stable", "saddle", "unstable", "non-hyperbolic"

/// A fixed or slow point of F and the linear map around it.
struct FixedPoint {
  Array state;              ///< [S]
  double q = 0;             ///< |F(s) - s|^2 / 2
  std::vector<int> starts;  ///< indices of the starts that led to it, in ascending order
  Array real, imag;         ///< [S], eigenvalues of J, by descending modulus
  int unstable = 0;         ///< directions with |lambda| > 1
  int neutral = 0;          ///< directions with |lambda| = 1
  int null_space = 0;       ///< dimension of the null space of J - I
  PointKind kind = PointKind::stable;

  double speed() const;  ///< |F(s) - s| = sqrt(2 q), per step
  /// The time scale of mode k, -1 / ln |lambda_k| in steps: the time in which it shrinks to 1/e of its amplitude.
  /// Negative for a mode that grows, infinite for a neutral one, 0 for a lost one.
  double time_scale(int k) const;
  /// The frequency of mode k, arg(lambda_k) / 2 pi in cycles per step, in (-1/2, 1/2].
  double frequency(int k) const;
};

/// A line, surface or other continuum of fixed points, of which the starts led to some.
struct FixedManifold {
  int dimension = 0;               ///< smallest null space of J - I over its points
  std::vector<FixedPoint> points;  ///< at least three, in no particular order
};

struct FixedPoints {
  std::vector<FixedPoint> points;             ///< isolated, by unstable directions, then by the number of starts
  std::vector<FixedManifold> manifolds;       ///< of fixed points
  std::vector<FixedPoint> slow;               ///< isolated local minima of q, by speed
  std::vector<FixedManifold> slow_manifolds;  ///< of local minima of q; the dimensions are upper bounds

  Array ends;                   ///< [N, S], where the descent from each start ended
  Array q;                      ///< [N], there
  std::vector<DescentEnd> how;  ///< N
  int count(DescentEnd) const;  ///< of starts
};

/// The fixed points s = F(s) and slow points of a cell whose input is held, F(s) = step(x, s), over the whole state.
/// F is the step in evaluation, without dropout.
///
///     q(s) = |F(s) - s|^2 / 2
///
///     FixedPoints f = fixed_points(*cell, Array::zeros({I}), starts_along(Trajectory(*cell, data), 500, .1, Key{1}));
///
/// From each start go damped Newton steps with the exact Jacobian, and, where they fail, steps of Levenberg and
/// Marquardt, which minimise q. Where q ends below the tolerance, the state is a fixed point; where it ends at a local
/// minimum above, a slow point. Ends are linked if their distance |a - b| / max(1, |a|, |b|) is at most `distance`; a
/// point is a group of linked ends (single linkage), represented by the one with the smallest q.
///
/// A line or other manifold of fixed points has a null space of J - I along it, and the starts end in many places on
/// it. Such points are joined by a minimum spanning tree; an edge is kept if the descent from its midpoint ends at a
/// fixed point no farther from it than a quarter of the edge. Three or more points that are joined are one manifold.
/// Two points on a line that is bent by more between them count as isolated, non-hyperbolic points.
///
/// Where |s| is so large that the rounding of s hides F(s) - s, a state that moves looks fixed: starts beyond `largest`
/// are not followed, and a descent that goes beyond it has no point.
///
/// The result shows what the starts lead to: it is not proven that there are no other points.
///
/// Shapes    x [I] or [1, I]: zero, the mean of data, any; starts [N, S]
/// Errors    ValueError with the reason if the cell draws random numbers or reads the time, which is found by trying
///           (seeds, and times up to 2^20, from 16 starts and from states near them), so that F is not one map; if
///           S > 2048, as J is S x S; if there are no starts, or an option is out of range. ShapeError if x or starts
///           do not fit; errors of the step
/// Numerics  float64. Newton's steps continue below the tolerance to rounding, so points are accurate to about
///           1e-16 / sigma_min(J - I), or to about 1e-8 where J - I is singular. q cannot fall below (1e-16 |s|)^2: for
///           states above 1e4 the default tolerance is out of reach, and the ends are unfinished. Each start is treated
///           by itself: its end has the same bits in any batch, for any number of threads
/// Cost      per start and iteration: one Jacobian (S steps and their reverse passes), and 2 S^3 / 3 flops for a Newton
///           step, 4 S^3 for one of Levenberg and Marquardt; 5 to 30 iterations to a fixed point, 100 and more to a slow
///           one. Per point: eigenvalues, 10 S^3. Memory: a few times 64 MB
/// Source    q: Sussillo & Barak 2013, doi:10.1162/NECO_a_00409; the descent: residual_descent.hpp
/// Differs   from Sussillo & Barak in the method, exact Newton steps instead of gradient descent, so that fixed points
///           are found to rounding
FixedPoints fixed_points(const Cell&, const Array& x, const Array& starts, const FixedPointOptions& = {});

/// N starts: states of a trajectory, from its present one to its last, drawn at random over times and rows, with
/// normal noise added to every number.
///
/// Shapes    result [N, S]
/// Errors    ValueError if n < 1 or the deviation is negative; as Trajectory
/// Cost      the steps of the trajectory
Array starts_along(Trajectory, int n, double deviation, Key);

}  // namespace ebb
