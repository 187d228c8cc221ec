#include <algorithm>
#include <ebb/ops/broadcasting.hpp>
#include <ebb/ops/counted.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/kernels.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/pointwise.hpp>
#include <ebb/ops/text.hpp>
#include <string>

namespace ebb::pointwise {
namespace {

using detail::Operand;
using detail::PointwiseKernel;
using detail::PointwiseRows;

constexpr std::int64_t pointwise_grain = 1 << 15;  // elements per thread for a parallel region to pay off

template <class... O> constexpr const char* names[] = {O::name...};
template <class... O> const char* const* name_list(TypeList<O...>) { return names<O...>; }
template <class... O> constexpr int arities[] = {arity<O>...};
template <class... O> const int* arity_list(TypeList<O...>) { return arities<O...>; }

void check_inputs(int op, const Array* const* inputs, int n) {
  if (n != arity_list(List{})[op])
    throw ValueError(std::string(name(op)) + ": " + detail::counted(n, "input") + " given, " +
                     std::to_string(arity_list(List{})[op]) + " expected");
  for (int k = 1; k < n; ++k)
    if (inputs[k]->dtype() != inputs[0]->dtype()) {
      if (!*inputs[k] || !*inputs[0]) throw EmptyArrayError(std::string(name(op)) + ": an empty array was used");
      throw ValueError(std::string(name(op)) + ": element types differ: " + name_of(inputs[0]->dtype()) + " and " +
                       name_of(inputs[k]->dtype()));
    }
}

Shape result_shape(int op, const Array* const* inputs, int n) {
  Shape s = inputs[0]->shape();
  bool fits = true;
  for (int k = 1; k < n; ++k)
    if (!(inputs[k]->shape() == s)) fits = detail::broadcast_into(s, inputs[k]->shape()) && fits;
  if (fits) return s;
  std::string message = std::string(name(op)) + ": shapes ";
  for (int k = 0; k < n; ++k) message += (k == 0 ? "" : k + 1 == n ? " and " : ", ") + text(inputs[k]->shape());
  throw ShapeError(message + " do not broadcast");
}

PointwiseRows shifted(PointwiseRows a, int operands, std::int64_t rows, std::int64_t columns, std::size_t size) {
  const auto move = [&](const void* p, std::int64_t elements) {
    return static_cast<const char*>(p) + elements * static_cast<std::int64_t>(size);
  };
  for (int k = 0; k < operands; ++k)
    if (a.in[k]) a.in[k] = move(a.in[k], rows * a.in_stride[k] + columns * a.step[k]);
  a.out = const_cast<char*>(move(a.out, rows * a.out_stride + columns));
  return a;
}

/// One rectangle, split among threads if it is large.
void run_rectangle(PointwiseKernel kernel, const PointwiseRows& all, int operands, std::size_t size) {
  if (all.rows * all.columns < 2 * pointwise_grain) return kernel(all);
  if (all.rows == 1) {
    // Pieces are whole registers, so only the last thread has a tail.
    const std::int64_t piece = 1024, pieces = (all.columns + piece - 1) / piece;
    parallel_for(pieces, pointwise_grain / piece, [&](std::int64_t begin, std::int64_t end) {
      PointwiseRows a = shifted(all, operands, 0, begin * piece, size);
      a.columns = std::min(all.columns, end * piece) - begin * piece;
      kernel(a);
    });
    return;
  }
  parallel_for(all.rows, std::max<std::int64_t>(1, pointwise_grain / std::max<std::int64_t>(1, all.columns)),
               [&](std::int64_t begin, std::int64_t end) {
                 PointwiseRows a = shifted(all, operands, begin, 0, size);
                 a.rows = end - begin;
                 kernel(a);
               });
}

/// The common case: every operand has the result's shape, or is a row [columns] or a scalar. False otherwise.
bool run_plain(PointwiseKernel kernel, const Array* const* in, int n, Array& out, bool accumulate) {
  PointwiseRows a;  // uninitialised: zeroing would cost as much as a short row
  const int columns = out.columns();
  bool one_row = out.contiguous();
  for (int k = 0; k < n; ++k) {
    a.in[k] = in[k] ? in[k]->raw() : nullptr;
    if (!a.in[k]) continue;
    const Array& x = *in[k];
    if (x.shape() == out.shape()) {
      a.in_stride[k] = x.row_stride();
      a.step[k] = 1;
      one_row = one_row && x.contiguous();
    } else if (x.rank() == 0) {
      a.in_stride[k] = a.step[k] = 0;
    } else if (x.rank() == 1 && x.columns() == columns) {
      a.in_stride[k] = 0;
      a.step[k] = 1;
      one_row = false;
    } else {
      return false;
    }
  }
  a.accumulate = accumulate;
  a.rows = one_row ? 1 : out.rows();
  a.columns = one_row ? out.size() : columns;
  a.out = out.raw();
  a.out_stride = out.row_stride();
  run_rectangle(kernel, a, n, bytes_of(out.dtype()));
  return true;
}

/// The common case of a value: all inputs are contiguous and of one element type, and each has the shape of the result,
/// is a row [columns] or a scalar. Describes them in `a` and returns one with the result's shape; null in other cases.
const Array* like_result(int op, const Array* const* in, int n, PointwiseRows& a) {
  if (n != arity_list(List{})[op]) return nullptr;
  const Array* whole = in[0];
  for (int k = 1; k < n; ++k)
    if (in[k]->rank() > whole->rank()) whole = in[k];
  if (!*whole) return nullptr;
  const Shape& shape = whole->shape();
  const std::int64_t columns = shape.columns();
  bool one_row = true;
  for (int k = 0; k < n; ++k) {
    const Array& x = *in[k];
    if (x.dtype() != whole->dtype() || !x.contiguous()) return nullptr;
    a.in[k] = x.raw();
    a.in_stride[k] = 0;
    a.step[k] = 1;
    if (&x == whole || x.shape() == shape) {
      a.in_stride[k] = columns;
    } else if (x.rank() == 0) {
      a.step[k] = 0;
    } else if (x.rank() == 1 && x.columns() == columns) {
      one_row = false;
    } else {
      return nullptr;
    }
  }
  a.rows = one_row ? 1 : shape.rows();
  a.columns = one_row ? shape.size() : columns;
  return whole;
}

/// The kernel over a contiguous result, whose operands have its shape and are contiguous too.
void run_contiguous(PointwiseKernel kernel, PointwiseRows& a, int n, Array& out, bool accumulate) {
  a.accumulate = accumulate;
  a.rows = 1;
  a.columns = out.size();
  a.out = out.raw();
  a.out_stride = 0;
  run_rectangle(kernel, a, n, bytes_of(out.dtype()));
}

/// Runs a kernel over `out`, with operands broadcast to its shape. Empty operands are not read.
void run(PointwiseKernel kernel, const Array* const* in, int n, Array& out, bool accumulate) {
  if (out.size() == 0 || run_plain(kernel, in, n, out, accumulate)) return;
  Operand operands[PointwiseRows::most + 1];
  for (int k = 0; k < n; ++k)
    if (in[k] && *in[k]) operands[k] = detail::operand(*in[k], out.shape());
  operands[n] = detail::operand(out, out.shape());
  const detail::Loops loops = detail::collapse(operands, n + 1, out.shape());

  PointwiseRows a{};
  a.accumulate = accumulate;
  a.columns = loops.extent[3];
  a.rows = loops.extent[2];
  for (int k = 0; k < n; ++k) {
    a.in[k] = operands[k].data;
    a.in_stride[k] = operands[k].stride[2];
    a.step[k] = static_cast<int>(operands[k].stride[3]);
  }
  a.out = out.raw();
  a.out_stride = operands[n].stride[2];
  const std::size_t size = bytes_of(out.dtype());
  for (int i = 0; i < loops.extent[0]; ++i)
    for (int j = 0; j < loops.extent[1]; ++j) {
      PointwiseRows b = a;
      const auto offset = [&](const Operand& o) {
        return (i * o.stride[0] + j * o.stride[1]) * static_cast<std::int64_t>(size);
      };
      for (int k = 0; k < n; ++k)
        if (a.in[k]) b.in[k] = static_cast<const char*>(a.in[k]) + offset(operands[k]);
      b.out = static_cast<char*>(a.out) + offset(operands[n]);
      run_rectangle(kernel, b, n, size);
    }
}

[[gnu::noinline]] Array broadcast_value(int op, const Array* const* inputs, int n, Array* reusable) {
  check_inputs(op, inputs, n);
  const Shape shape = result_shape(op, inputs, n);
  const bool reuse = reusable && reusable->contiguous() && reusable->shape() == shape;
  Array out = reuse ? std::move(*reusable) : Array::empty(shape, inputs[0]->dtype());
  const Array* in[3];
  for (int k = 0; k < n; ++k) in[k] = reuse && inputs[k] == reusable ? &out : inputs[k];
  run(detail::pointwise_kernels().value[detail::type_index(out.dtype())][op], in, n, out, false);
  return out;
}

}  // namespace

int count() { return List::count; }
const char* name(int op) { return name_list(List{})[op]; }

Array value(int op, const Array* const* inputs, int n, Array* reusable) {
  PointwiseRows a;  // uninitialised: zeroing would cost as much as a short row
  const Array* whole = like_result(op, inputs, n, a);
  if (!whole) return broadcast_value(op, inputs, n, reusable);
  const DType type = whole->dtype();
  const bool reuse = reusable && reusable->shape() == whole->shape();
  Array out = reuse ? std::move(*reusable) : Array::empty(whole->shape(), type);
  a.accumulate = false;
  a.out = out.raw();
  a.out_stride = a.columns;
  run_rectangle(detail::pointwise_kernels().value[detail::type_index(type)][op], a, n, bytes_of(type));
  return out;
}

Array value(int op, const Array* inputs, int n, int overwrite) {
  Array reusable = overwrite >= 0 ? inputs[overwrite] : Array();
  const Array* in[3];
  for (int k = 0; k < n; ++k) in[k] = k == overwrite ? &reusable : inputs + k;
  return value(op, in, n, overwrite >= 0 ? &reusable : nullptr);
}

void vjp(int op, int k, const Array& g, const Array* const* inputs, int n, const Array& y, Array& out,
         bool accumulate) {
  if (!(out.shape() == g.shape()))
    throw ShapeError(std::string(name(op)) + ": the adjoint has shape " + text(g.shape()) + ", its output " +
                     text(out.shape()));
  const PointwiseKernel kernel = detail::pointwise_kernels().vjp[detail::type_index(out.dtype())][op][k];
  PointwiseRows a;
  bool same = out.contiguous() && g.contiguous();
  a.read(0, g.raw());
  const auto read = [&](int j, const Array& x) {
    a.read(j, x.raw());
    same = same && (!x || (x.contiguous() && x.shape() == out.shape()));
  };
  for (int j = 0; j < n; ++j) read(j + 1, *inputs[j]);
  read(n + 1, y);
  if (same) return run_contiguous(kernel, a, n + 2, out, accumulate);
  const Array* in[PointwiseRows::most] = {&g};
  for (int j = 0; j < n; ++j) in[j + 1] = inputs[j];
  in[n + 1] = &y;
  run(kernel, in, n + 2, out, accumulate);
}

void vjp(int op, int k, const Array& g, const Array* inputs, int n, const Array& y, Array& out, bool accumulate) {
  const Array* in[3];
  for (int j = 0; j < n; ++j) in[j] = inputs + j;
  vjp(op, k, g, in, n, y, out, accumulate);
}

}  // namespace ebb::pointwise
