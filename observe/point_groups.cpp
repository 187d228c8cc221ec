#include <algorithm>
#include <cmath>
#include <ebb/observe/point_groups.hpp>
#include <ebb/ops/reduce.hpp>

namespace ebb::detail {

namespace {

double separation(const double* a, const double* b, int S) {
  double squares = 0;
  for (int k = 0; k < S; ++k) squares += (a[k] - b[k]) * (a[k] - b[k]);
  return std::sqrt(squares);
}

}  // namespace

std::vector<PointEdge> spanning_tree(const Array& points) {
  const int n = points.dim(0), S = points.dim(1);
  const Array rows = points.compact();
  const auto row = [&](int k) { return rows.data<double>() + std::int64_t{k} * S; };
  std::vector<double> scale;
  std::vector<PointEdge> nearest;  // from each point outside the tree into it
  for (int k = 0; k < n; ++k) {
    scale.push_back(std::max(1., norm_of(rows[k])));
    if (k > 0) nearest.push_back({0, k, INFINITY});
  }
  std::vector<PointEdge> tree;
  for (int last = 0; !nearest.empty(); last = tree.back().b) {
    for (PointEdge& e : nearest) {
      const auto b = static_cast<std::size_t>(e.b), a = static_cast<std::size_t>(last);
      const double length = separation(row(last), row(e.b), S) / std::max(scale[a], scale[b]);
      if (length < e.length) e = {last, e.b, length};
    }
    const auto next = std::min_element(nearest.begin(), nearest.end(),
                                       [](const PointEdge& e, const PointEdge& f) { return e.length < f.length; });
    tree.push_back(*next);
    nearest.erase(next);
  }
  return tree;
}

std::vector<std::vector<int>> components(int n, const std::vector<PointEdge>& edges) {
  std::vector<int> group(static_cast<std::size_t>(n));
  for (int k = 0; k < n; ++k) group[static_cast<std::size_t>(k)] = k;
  const auto root = [&](int k) {
    while (group[static_cast<std::size_t>(k)] != k) {
      int& up = group[static_cast<std::size_t>(k)];
      k = up = group[static_cast<std::size_t>(up)];  // halves the path
    }
    return k;
  };
  for (const PointEdge& e : edges) {
    const int a = root(e.a), b = root(e.b);
    group[static_cast<std::size_t>(std::max(a, b))] = std::min(a, b);
  }
  std::vector<std::vector<int>> result;
  std::vector<int> place(static_cast<std::size_t>(n), -1);
  for (int k = 0; k < n; ++k) {
    int& at = place[static_cast<std::size_t>(root(k))];
    if (at < 0) {
      at = static_cast<int>(result.size());
      result.emplace_back();
    }
    result[static_cast<std::size_t>(at)].push_back(k);
  }
  return result;
}

}  // namespace ebb::detail
