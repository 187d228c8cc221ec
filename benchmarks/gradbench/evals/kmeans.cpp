#include <algorithm>
#include <ebb/autograd/grad.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/reduce.hpp>

#include "../arrays.hpp"
#include "../function.hpp"

namespace {

using namespace ebb;
using gradbench::Json, gradbench::Problem, gradbench::problem, gradbench::json_of;

struct KmeansInput {
  Array points, centroids;  // [N, D], [K, D]
};

KmeansInput kmeans_input(const Json& input) {
  KmeansInput in{gradbench::matrix_in(input, "points"), gradbench::matrix_in(input, "centroids")};
  if (in.points.columns() != in.centroids.columns()) throw ValueError("points and centroids differ in their length");
  return in;
}

constexpr int kmeans_points_at_once = 128;  // their distances to a thousand centroids fit into the cache

/// The nearest centroid of each point, [N], by |c - p|^2 - |p|^2 = |c|^2 - 2 c p.
Tokens nearest(const KmeansInput& in) {
  const int n = in.points.dim(0);
  const Array half = sum(square(in.centroids), -1) * .5;
  Tokens index({n});
  for (int begin = 0; begin < n; begin += kmeans_points_at_once) {
    const int end = std::min(n, begin + kmeans_points_at_once);
    const Tokens k = argmax(matmul(in.points.range(begin, end), in.centroids, Trans::no, Trans::yes) - half, -1);
    std::copy(k.data(), k.data() + k.size(), index.data() + begin);
  }
  return index;
}

/// The sum over points of the squared distance to the nearest centroid. The derivative of a minimum is that of the
/// least operand, so the cost is differentiated for the centroids found.
///
///     y = sum_i min_k |C_k - P_i|^2
Var kmeans_cost(const KmeansInput& in, const Var& centroids) {
  return sum(square(gather(centroids, nearest(in)) - constant(in.points)));
}

Problem kmeans_value(const Json& input) {
  return problem(
      [in = kmeans_input(input)] {
        Tape tape{{.dtype = f64}};
        return kmeans_cost(in, constant(in.centroids)).value();
      },
      json_of);
}

/// Newton's direction g / h, where the Hessian is diagonal, so that its product with ones is its diagonal h.
Problem kmeans_direction(const Json& input) {
  return problem(
      [in = kmeans_input(input)] {
        Tape tape{{.dtype = f64, .order = 2}};
        const Var c = variable(in.centroids);
        const Var g = grad(kmeans_cost(in, c), {c}, {.create_graph = true})[0];
        return g.value() / grad(sum(g), {c})[0].value();
      },
      json_of);
}

const gradbench::Function kmeans_functions[] = {{"kmeans::cost", kmeans_value}, {"kmeans::dir", kmeans_direction}};

}  // namespace
