#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/kernels.hpp>
#include <ebb/ops/pointwise.hpp>
#include <ebb/ops/rows.hpp>
#include <ebb/ops/text.hpp>
#include <cmath>
#include <string>

namespace ebb {
namespace {

namespace pw = pointwise;

template <class Op> Array run(const Array& x) { return pw::value(pw::id<Op>, &x, 1); }
template <class Op> Array run(const Array& a, const Array& b) {
  const Array in[] = {a, b};
  return pw::value(pw::id<Op>, in, 2);
}
template <class Op> Array run(const Array& a, const Array& b, const Array& c) {
  const Array in[] = {a, b, c};
  return pw::value(pw::id<Op>, in, 3);
}
Array number_like(const Array& a, double x) { return Array::number(x, a.dtype()); }

/// Runs one of the kernels that change `target` in place, with the same rows of x.
void in_place(const detail::ReduceKernel (&kernel)[2], Array& target, const Array& x, double scale) {
  const bool flat = target.contiguous() && x.contiguous();
  detail::ReduceTask t{};
  t.in = x.raw();
  t.out = target.raw();
  t.in_stride = x.row_stride();
  t.out_stride = target.row_stride();
  t.rows = flat ? 1 : target.rows();
  t.columns = flat ? target.size() : target.columns();
  t.scale = scale;
  if (target.size() != 0) kernel[target.dtype() == f32 ? 0 : 1](t);
}

}  // namespace

Array operator+(const Array& a, const Array& b) { return run<pw::Add>(a, b); }
Array operator-(const Array& a, const Array& b) { return run<pw::Sub>(a, b); }
Array operator*(const Array& a, const Array& b) { return run<pw::Mul>(a, b); }
Array operator/(const Array& a, const Array& b) { return run<pw::Div>(a, b); }
Array operator-(const Array& a) { return run<pw::Neg>(a); }
Array operator*(const Array& a, double b) { return a * number_like(a, b); }
Array operator*(double a, const Array& b) { return number_like(b, a) * b; }
Array operator+(const Array& a, double b) { return a + number_like(a, b); }
Array operator-(const Array& a, double b) { return a - number_like(a, b); }
Array operator-(double a, const Array& b) { return number_like(b, a) - b; }
Array operator/(const Array& a, double b) { return a / number_like(a, b); }

Array exp(const Array& x) { return run<pw::Exp>(x); }
Array log(const Array& x) { return run<pw::Log>(x); }
Array sqrt(const Array& x) { return run<pw::Sqrt>(x); }
Array pow(const Array& a, const Array& b) { return run<pw::Pow>(a, b); }
Array abs(const Array& x) { return run<pw::Abs>(x); }
Array min(const Array& a, const Array& b) { return run<pw::Min>(a, b); }
Array max(const Array& a, const Array& b) { return run<pw::Max>(a, b); }
Array where(const Array& c, const Array& yes, const Array& no) { return run<pw::Where>(c, yes, no); }
Array clip(const Array& x, double low, double high) { return run<pw::Clip>(x, number_like(x, low), number_like(x, high)); }
Array tanh(const Array& x) { return run<pw::Tanh>(x); }
Array sigmoid(const Array& x) { return run<pw::Sigmoid>(x); }
Array relu(const Array& x) { return run<pw::Relu>(x); }

void add_into(Array& target, const Array& x) { add_scaled_into(target, 1, x); }

void add_scaled_into(Array& target, double scale, const Array& x) {
  if (!(target.shape() == x.shape())) throw ShapeError("add_into: " + text(x.shape()) + " into " + text(target.shape()));
  if (target.dtype() != x.dtype())
    throw ValueError(std::string("add_into: ") + name_of(x.dtype()) + " into " + name_of(target.dtype()));
  in_place(detail::reduce_kernels().add, target, x, scale);
}

void scale_in_place(Array& target, double factor) { in_place(detail::reduce_kernels().scale, target, target, factor); }

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
