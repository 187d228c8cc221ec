#include <algorithm>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/kernels.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/reduce.hpp>
#include <ebb/ops/text.hpp>
#include <string>

namespace ebb {
namespace {

using detail::ReduceKernel;
using detail::ReduceTask;

constexpr std::int64_t softmax_grain = 1 << 13;  // elements per thread

/// Runs a kernel over the rows of x, split among threads. Each row gives `per_row` values.
void run(ReduceKernel kernel, const Array& x, Array& out, std::int64_t per_row, const int* targets = nullptr,
         const Array* g = nullptr) {
  const auto size = static_cast<std::int64_t>(bytes_of(x.dtype()));
  const auto at = [&](const Array& a, std::int64_t element) { return static_cast<char*>(a.raw()) + element * size; };
  if (x.size() == 0) return;
  parallel_for(x.rows(), std::max<std::int64_t>(1, softmax_grain / x.columns()),
               [&](std::int64_t begin, std::int64_t end) {
                 ReduceTask t{};
                 t.in = at(x, begin * x.row_stride());
                 t.in_stride = x.row_stride();
                 t.rows = end - begin;
                 t.columns = x.columns();
                 t.out = at(out, begin * per_row);
                 t.out_stride = per_row;
                 if (targets) t.targets = targets + begin;
                 if (g) t.g = at(*g, begin);
                 kernel(t);
               });
}

/// The array with an axis moved to the end, and the permutation that does it.
struct Moved {
  Array x;
  int order[Shape::max_rank];  // swaps two axes, so it is its own inverse
  bool same;
};
Moved to_end(const Array& x, int axis) {
  Moved m{x, {}, true};
  const int from = x.shape().normal_axis(axis), last = x.rank() - 1;
  if (from == last) return m;
  m.same = false;
  for (int k = 0; k < x.rank(); ++k) m.order[k] = k == from ? last : k == last ? from : k;
  m.x = transpose(x, m.order);
  return m;
}

Array along(const ReduceKernel (&kernel)[2], const Array& x, int axis) {
  const Moved m = to_end(x, axis);
  Array y = Array::empty(m.x.shape(), x.dtype());
  run(kernel[detail::type_index(x.dtype())], m.x, y, y.columns());
  return m.same ? y : transpose(y, m.order);
}

void check_targets(const char* op, const Array& logits, const Tokens& targets) {
  if (logits.rank() < 1 || !(logits.shape().without(-1) == targets.shape()))
    throw ShapeError(std::string(op) + ": logits are " + text(logits.shape()) + ", targets " + text(targets.shape()));
  for (std::int64_t i = 0; i < targets.size(); ++i)
    if (const int t = targets.data()[i]; t < 0 || t >= logits.columns())
      throw ValueError(std::string(op) + ": target " + std::to_string(t) + " at position " + std::to_string(i) +
                       " is outside [0, " + std::to_string(logits.columns()) + ")");
}

}  // namespace

Array softmax(const Array& x, int axis) { return along(detail::reduce_kernels().softmax, x, axis); }
Array log_softmax(const Array& x, int axis) { return along(detail::reduce_kernels().log_softmax, x, axis); }

Array logsumexp(const Array& x, int axis, Keep keep) {
  if (x.rank() == 0 || x.dim(axis) == 0) throw ShapeError("logsumexp: no elements in " + text(x.shape()));
  const Moved m = to_end(x, axis);
  Array y = Array::empty(m.x.shape().with(-1, 1), x.dtype());
  run(detail::reduce_kernels().logsumexp[detail::type_index(x.dtype())], m.x, y, 1);
  if (!m.same) y = transpose(y, m.order);
  return y.reshape(keep == Keep::yes ? x.shape().with(axis, 1) : x.shape().without(axis));
}

Array cross_entropy(const Array& logits, const Tokens& targets) {
  check_targets("cross_entropy", logits, targets);
  Array y = Array::empty(targets.shape(), logits.dtype());
  run(detail::reduce_kernels().cross_entropy[detail::type_index(logits.dtype())], logits, y, 1, targets.data());
  return y;
}

Array cross_entropy_vjp(const Array& g, const Array& logits, const Tokens& targets) {
  check_targets("cross_entropy_vjp", logits, targets);
  if (!(g.shape() == targets.shape()) || g.dtype() != logits.dtype())
    throw ShapeError("cross_entropy_vjp: the adjoint is " + text(g.shape()) + ", the targets " + text(targets.shape()));
  Array out = Array::empty(logits.shape(), logits.dtype());
  const Array dense = g.compact();
  run(detail::reduce_kernels().cross_entropy_vjp[detail::type_index(logits.dtype())], logits, out, out.columns(),
      targets.data(), &dense);
  return out;
}

}  // namespace ebb
