#include <algorithm>
#include <cmath>
#include <ebb/observe/fixed_points.hpp>
#include <ebb/observe/held_map.hpp>
#include <ebb/observe/point_groups.hpp>
#include <ebb/observe/residual_descent.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/linalg.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/reduce.hpp>
#include <ebb/ops/text.hpp>
#include <iterator>
#include <numbers>
#include <string>
#include <tuple>
#include <utility>

namespace ebb {

namespace {

using detail::Descent, detail::HeldMap, detail::PointEdge;

constexpr int largest_map = 2048;
constexpr std::size_t least_on_manifold = 3;

void check_fixed_points(const HeldMap& map, const Array& starts, const FixedPointOptions& o) {
  const std::string cell = std::string("fixed_points: cell ") + map.cell().name();
  if (map.size() > largest_map)
    throw ValueError(cell + " has a state of " + std::to_string(map.size()) +
                     " numbers; its Jacobian is formed, which is possible up to " + std::to_string(largest_map));
  if (starts.rank() != 2 || starts.dim(1) != map.size())
    throw ShapeError(cell + " needs starts [N, " + std::to_string(map.size()) + "], these are " + text(starts.shape()));
  if (starts.dim(0) < 1) throw ValueError("fixed_points: no starts");
  if (!all_finite(starts)) throw ValueError("fixed_points: a start is infinite or NaN");
  if (!(o.tolerance > 0) || !(o.largest > 0) || !(o.distance >= 0) || !(o.neutral >= 0) || o.iterations < 1)
    throw ValueError(
        "fixed_points: the tolerance, the largest norm and the number of iterations must be positive, distance and "
        "neutral not negative");
}

Array states_of(const std::vector<FixedPoint>& points) {
  std::vector<Array> states;
  for (const FixedPoint& p : points) states.push_back(p.state);
  return stack(states.data(), static_cast<int>(states.size()));
}

/// The ends of one kind, linked to points: state, q and starts.
std::vector<FixedPoint> distinct_points(const Descent& d, DescentEnd kind, double distance) {
  std::vector<int> which;
  std::vector<Array> ends;
  for (std::size_t k = 0; k < d.how.size(); ++k)
    if (d.how[k] == kind) {
      which.push_back(static_cast<int>(k));
      ends.push_back(d.ends[static_cast<int>(k)].copy());
    }
  if (which.empty()) return {};
  std::vector<PointEdge> edges = detail::spanning_tree(stack(ends.data(), static_cast<int>(ends.size())));
  std::erase_if(edges, [&](const PointEdge& e) { return e.length > distance; });

  std::vector<FixedPoint> points;
  for (const std::vector<int>& group : detail::components(static_cast<int>(which.size()), edges)) {
    FixedPoint p;
    p.q = INFINITY;
    for (const int member : group) {
      const auto at = static_cast<std::size_t>(member);
      p.starts.push_back(which[at]);
      const double q = d.q[static_cast<std::size_t>(which[at])];
      if (!(q < p.q)) continue;
      p.q = q;
      p.state = ends[at];
    }
    points.push_back(std::move(p));
  }
  return points;
}

PointKind kind_of(const FixedPoint& p) {
  if (p.neutral > 0) return PointKind::non_hyperbolic;
  if (p.unstable == 0) return PointKind::stable;
  return p.unstable == p.state.dim(0) ? PointKind::unstable : PointKind::saddle;
}

/// Fills in the linear map around a point; A = J - I.
void describe_point(FixedPoint& p, const Array& A, double neutral) {
  Array J = A.copy();
  const int S = A.dim(0);
  for (int k = 0; k < S; ++k) J.set_flat(std::int64_t{k} * (S + 1), A.at({k, k}) + 1);
  const auto [real, imag] = eigenvalues(J);
  p.real = real;
  p.imag = imag;
  for (int k = 0; k < S; ++k) {
    const double modulus = std::hypot(real.at({k}), imag.at({k}));
    p.neutral += std::abs(modulus - 1) <= neutral;
    p.unstable += modulus > 1 + neutral;
  }
  p.kind = kind_of(p);
  if (p.neutral == 0) return;
  const Array sigma = singular_values(A);
  for (int k = 0; k < S; ++k) p.null_space += sigma.at({k}) <= neutral;
}

void describe_all(const HeldMap& map, std::vector<FixedPoint>& points, double neutral) {
  const int n = static_cast<int>(points.size());
  for (int begin = 0; begin < n; begin += map.block()) {
    const int end = std::min(n, begin + map.block());
    const Array A = map.jacobian_minus_identity(states_of({points.begin() + begin, points.begin() + end}));
    parallel_for(end - begin, 1, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t k = first; k < last; ++k)
        describe_point(points[static_cast<std::size_t>(begin + k)], A[static_cast<int>(k)], neutral);
    });
  }
}

/// The edges of points [n, S] from whose midpoints the descent stays near, at an end of the same kind.
std::vector<PointEdge> edges_along_manifolds(const HeldMap& map, const Array& points, DescentEnd kind,
                                             const FixedPointOptions& o) {
  std::vector<PointEdge> edges = detail::spanning_tree(points), kept;
  if (edges.empty()) return {};
  std::vector<Array> middles;
  for (const PointEdge& e : edges) middles.push_back((points[e.a] + points[e.b]) * .5);
  const Array starts = stack(middles.data(), static_cast<int>(middles.size()));
  const Descent d = detail::descend(map, starts, o);
  for (std::size_t k = 0; k < edges.size(); ++k) {
    const double moved = norm_of(d.ends[static_cast<int>(k)] - middles[k]);
    const double length = norm_of(points[edges[k].a] - points[edges[k].b]);
    if (d.how[k] == kind && moved <= length / 4) kept.push_back(edges[k]);
  }
  return kept;
}

/// Moves points that are joined from `points` to manifolds. Only those with a null space can be.
std::vector<FixedManifold> take_manifolds(const HeldMap& map, std::vector<FixedPoint>& points, DescentEnd kind,
                                          const FixedPointOptions& o) {
  std::vector<FixedPoint> rest, degenerate;
  for (FixedPoint& p : points) (p.null_space > 0 ? degenerate : rest).push_back(std::move(p));
  std::vector<FixedManifold> manifolds;
  if (degenerate.size() >= least_on_manifold) {
    const auto edges = edges_along_manifolds(map, states_of(degenerate), kind, o);
    for (const std::vector<int>& group : detail::components(static_cast<int>(degenerate.size()), edges)) {
      const bool joined = group.size() >= least_on_manifold;
      if (joined) manifolds.push_back({.dimension = map.size(), .points = {}});
      std::vector<FixedPoint>& to = joined ? manifolds.back().points : rest;
      for (const int k : group) {
        FixedPoint& p = degenerate[static_cast<std::size_t>(k)];
        if (joined) manifolds.back().dimension = std::min(manifolds.back().dimension, p.null_space);
        to.push_back(std::move(p));
      }
    }
  } else {
    std::move(degenerate.begin(), degenerate.end(), std::back_inserter(rest));
  }
  points = std::move(rest);
  return manifolds;
}

}  // namespace

const char* name_of(PointKind kind) {
  constexpr const char* names[] = {"stable", "saddle", "unstable", "non-hyperbolic"};
  return names[static_cast<int>(kind)];
}

double FixedPoint::speed() const { return std::sqrt(2 * q); }
double FixedPoint::time_scale(int k) const {
  const double rate = std::log(std::hypot(real.at({k}), imag.at({k})));
  return rate == 0 ? INFINITY : -1 / rate;
}
double FixedPoint::frequency(int k) const { return std::atan2(imag.at({k}), real.at({k})) / (2 * std::numbers::pi); }

int FixedPoints::count(DescentEnd kind) const { return static_cast<int>(std::count(how.begin(), how.end(), kind)); }

FixedPoints fixed_points(const Cell& cell, const Array& x, const Array& starts, const FixedPointOptions& o) {
  const HeldMap map(cell, x);
  check_fixed_points(map, starts, o);
  const Array from = starts.to(f64).compact();
  map.check_autonomous(from);
  const Descent d = detail::descend(map, from, o);

  FixedPoints result;
  for (const auto& [kind, points, manifolds] : {std::tuple{DescentEnd::fixed, &result.points, &result.manifolds},
                                                std::tuple{DescentEnd::slow, &result.slow, &result.slow_manifolds}}) {
    *points = distinct_points(d, kind, o.distance);
    describe_all(map, *points, o.neutral);
    *manifolds = take_manifolds(map, *points, kind, o);
  }
  std::sort(result.points.begin(), result.points.end(), [](const FixedPoint& a, const FixedPoint& b) {
    if (a.unstable != b.unstable) return a.unstable < b.unstable;
    return a.starts.size() != b.starts.size() ? a.starts.size() > b.starts.size() : a.starts < b.starts;
  });
  std::sort(result.slow.begin(), result.slow.end(),
            [](const FixedPoint& a, const FixedPoint& b) { return a.q != b.q ? a.q < b.q : a.starts < b.starts; });
  result.ends = d.ends;
  result.how = d.how;
  result.q = Array::empty({starts.dim(0)}, f64);
  std::copy(d.q.begin(), d.q.end(), result.q.data<double>());
  return result;
}

Array starts_along(Trajectory states, int n, double deviation, Key key) {
  if (n < 1) throw ValueError("starts_along: " + std::to_string(n) + " starts");
  if (!(deviation >= 0)) throw ValueError("starts_along: the deviation of the noise is negative");
  // Each start takes the n-th state with probability 1 / n, so all are equally likely in the end.
  Array starts = Array::empty({n, states.size()}, f64);
  bool last = false;
  for (int seen = 1; !last; ++seen) {
    const Key now = key.named("state").at(static_cast<std::uint64_t>(states.time()));
    for (int k = 0; k < n; ++k) {
      const std::uint64_t position = 2 * static_cast<std::uint64_t>(k);
      Array start = starts[k];
      if (now.below(seen, position) == 0) start.assign(states.state()[now.below(states.rows(), position + 1)]);
    }
    last = states.ended();
    if (!last) states.advance();
  }
  return starts + normal(starts.shape(), key.named("noise"), 0, deviation, f64);
}

}  // namespace ebb
