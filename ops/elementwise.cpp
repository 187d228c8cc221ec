#include <cmath>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/kernels.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/pointwise.hpp>
#include <ebb/ops/rows.hpp>
#include <ebb/ops/text.hpp>
#include <string>

namespace ebb {
namespace {

namespace pw = pointwise;
using detail::ReduceTask;

constexpr std::int64_t grain = 1 << 17;  // elements that are worth a thread, in memory

Array run(int op, const Array& x) { return pw::value(op, &x, 1); }
Array number_like(const Array& a, double x) { return Array::number(x, a.dtype()); }
/// Scalars take the element type of the first Array among the operands.
Array run(int op, const Array& a, const ArrayArg& b) {
  const Array in[] = {a, b.array ? *b.array : number_like(a, b.number)};
  return pw::value(op, in, 2);
}
Array run(int op, const Array& a, const ArrayArg& b, const ArrayArg& c) {
  const Array in[] = {a, b.array ? *b.array : number_like(a, b.number), c.array ? *c.array : number_like(a, c.number)};
  return pw::value(op, in, 3);
}

/// Runs a kernel that modifies `target` in place, reading the matching rows of x.
void in_place(const detail::ReduceKernel (&kernel)[2], Array& target, const Array& x, double scale) {
  const bool flat = target.contiguous() && x.contiguous();
  const auto run = kernel[target.dtype() == f32 ? 0 : 1];
  ReduceTask t{};
  t.in = x.raw();
  t.out = target.raw();
  t.in_stride = x.row_stride();
  t.out_stride = target.row_stride();
  t.rows = flat ? 1 : target.rows();
  t.columns = flat ? target.size() : target.columns();
  t.scale = scale;
  if (target.size() == 0) return;
  if (!flat || target.size() < 2 * grain) return run(t);
  parallel_for(target.size(), grain, [&](std::int64_t first, std::int64_t last) {
    const auto before = static_cast<std::size_t>(first) * bytes_of(target.dtype());
    ReduceTask part = t;
    part.in = static_cast<const char*>(t.in) + before;
    part.out = static_cast<char*>(t.out) + before;
    part.columns = last - first;
    run(part);
  });
}

}  // namespace

#define EBB_UNARY(Op, function, x) \
  Array function(const Array& x) { return run(pw::id<pw::Op>, x); }
#define EBB_BINARY(Op, function, a, b) \
  Array function(const Array& a, const ArrayArg& b) { return run(pw::id<pw::Op>, a, b); }
#define EBB_TERNARY(Op, function, a, b, c) \
  Array function(const Array& a, const ArrayArg& b, const ArrayArg& c) { return run(pw::id<pw::Op>, a, b, c); }
#define EBB_COMPARISON(Op, function, a, b)
#include <ebb/ops/pointwise_functions.inl>

Array operator+(double a, const Array& b) { return number_like(b, a) + b; }
Array operator-(double a, const Array& b) { return number_like(b, a) - b; }
Array operator*(double a, const Array& b) { return number_like(b, a) * b; }
Array elu(const Array& x) { return elu(x, 1.0); }

void add_into(Array& target, const Array& x) { add_scaled_into(target, 1, x); }

void add_scaled_into(Array& target, double scale, const Array& x) {
  if (!(target.shape() == x.shape()))
    throw ShapeError("add_into: " + text(x.shape()) + " into " + text(target.shape()));
  if (target.dtype() != x.dtype())
    throw ValueError(std::string("add_into: ") + name_of(x.dtype()) + " into " + name_of(target.dtype()));
  in_place(detail::reduce_kernels().add, target, x, scale);
}

void scale_in_place(Array& target, double factor) {
  constexpr double least = 0x1p-126,
                   step = 0x1p-100;  // a smaller factor is subnormal or zero in f32, so it is applied in two steps
  if (target.dtype() == f32 && factor != 0 && std::abs(factor) < least) {
    in_place(detail::reduce_kernels().scale, target, target, step);
    factor /= step;
  }
  in_place(detail::reduce_kernels().scale, target, target, factor);
}

bool all_finite(const Array& a) {
  const auto magnitude = detail::reduce_kernels().magnitude[a.dtype() == f32 ? 0 : 1];
  const std::size_t size = bytes_of(a.dtype());
  const char* p = static_cast<const char*>(a.raw());
  if (a.size() == 0 || !a) return true;
  if (a.contiguous()) return std::isfinite(magnitude(p, a.size()));
  for (std::int64_t r = 0; r < a.rows(); ++r)
    if (!std::isfinite(magnitude(p + static_cast<std::size_t>(r * a.row_stride()) * size, a.columns()))) return false;
  return true;
}

}  // namespace ebb
