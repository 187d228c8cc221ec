#include <ebb/autograd/tape.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>

#include "../arrays.hpp"
#include "../function.hpp"

namespace {

using namespace ebb;
using gradbench::Json, gradbench::Problem, gradbench::problem, gradbench::json_of;

struct LlsqInput {
  Array x;  // [M]
  int n;    // number of points
};

LlsqInput llsq_input(const Json& input) {
  LlsqInput in{gradbench::vector_in(input, "x"), input.at("n").get<int>()};
  if (in.n < 2 || in.x.size() < 1) throw ValueError("n must be at least 2, and x must not be empty");
  return in;
}

/// Powers t^0 ... t^(M-1), [N, M], by doubling: t^(k+j) = t^k t^j for a block of j at once.
Array powers(const Array& t, int count) {
  Array p = Array::full({t.dim(0), 1}, 1, f64), step = t.reshape({t.dim(0), 1});
  while (p.columns() < count) {
    const Array parts[] = {p, p.column_block(0, std::min(p.columns(), count - p.columns())) * step};
    p = concat(parts, 2, -1);
    step = step * step;
  }
  return p;
}

constexpr int llsq_points_at_once = 512;  // their powers fit into the cache

/// The sum over points [begin, end) of
///
///     y = 1/2 sum_i (sign(t_i) - sum_j x_j t_i^j)^2,  t_i = -1 + 2 i / (N - 1)
///
/// Shapes    x [M, 1]; y a scalar
Var llsq_part(const Var& x, int n, int begin, int end) {
  Array t = Array::empty({end - begin}, f64);
  for (int i = begin; i < end; ++i) t.data<double>()[i - begin] = -1 + i * 2.0 / (n - 1);
  const Array s = sign(t).reshape({end - begin, 1});
  return .5 * sum(square(constant(s) - matmul(constant(powers(t, x.dim(0))), x)));
}

/// Calls f for each part's Var x and its y: the parts have tapes of their own, and what they give is added.
template <class F> void llsq_parts(const LlsqInput& in, F f) {
  const Array column = in.x.reshape({in.x.dim(0), 1});
  for (int begin = 0; begin < in.n; begin += llsq_points_at_once) {
    Tape tape{{.dtype = f64}};
    const Var x = variable(column);
    f(tape, x, llsq_part(x, in.n, begin, std::min(in.n, begin + llsq_points_at_once)));
  }
}

Problem llsq_primal(const Json& input) {
  return problem(
      [in = llsq_input(input)] {
        double y = 0;
        llsq_parts(in, [&](Tape&, const Var&, const Var& part) { y += part.item(); });
        return y;
      },
      [](double y) { return Json(y); });
}

Problem llsq_gradient(const Json& input) {
  return problem(
      [in = llsq_input(input)] {
        Array g = Array::zeros(in.x.shape(), f64);
        llsq_parts(
            in, [&](Tape& tape, const Var& x, const Var& part) { g = g + tape.backward(part)[x].reshape(g.shape()); });
        return g;
      },
      json_of);
}

const gradbench::Function llsq_functions[] = {{"llsq::primal", llsq_primal}, {"llsq::gradient", llsq_gradient}};

}  // namespace
