#pragma once
#include <ebb/ops/array.hpp>
#include <vector>

namespace ebb::detail {

/// An edge between two rows of an array of points.
struct PointEdge {
  int a, b;
  double length;  ///< |a - b| / max(1, |a|, |b|)
};

/// The minimum spanning tree of points [n, S], in relative distances: n - 1 edges, in the order of Prim's algorithm.
///
/// Cost      n^2 / 2 distances
std::vector<PointEdge> spanning_tree(const Array& points);

/// The connected components of n nodes, each in ascending order, by their first nodes. With the edges of a spanning
/// tree up to some length, these are the clusters of single linkage.
std::vector<std::vector<int>> components(int n, const std::vector<PointEdge>& edges);

}  // namespace ebb::detail
