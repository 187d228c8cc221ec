#include <cmath>
#include <ebb/nn/init.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/text.hpp>

namespace ebb {

namespace {

void need_matrix(const Shape& shape, const char* name) {
  if (shape.rank() != 2)
    throw ShapeError(std::string(name) + ": is defined for matrices only, but the shape is " + text(shape));
}

Array spread(const Shape& shape, Key key, double bound) { return uniform(shape, key, -bound, bound, f64); }

Array identity(const Shape& shape, double gain) {
  Array a = Array::zeros(shape, f64);
  for (int i = 0; i < shape[0] && i < shape[1]; ++i) a.data<double>()[i * a.row_stride() + i] = gain;
  return a;
}

double dot(const double* a, const double* b, int n) {
  double s = 0;
  for (int j = 0; j < n; ++j) s += a[j] * b[j];
  return s;
}

// Gram-Schmidt, applied twice to each row, which is exact to rounding ("twice is enough"). R's diagonal is positive, as
// it must be for matrices distributed uniformly over the orthogonal group; QR by reflections would need a change of
// signs for that (Mezzadri 2007, arXiv:math-ph/0609050).
void orthonormal_rows(Array& a) {
  const int n = a.columns();
  double* first = a.data<double>();
  for (int i = 0; i < a.dim(0); ++i) {
    double* row = first + i * n;
    for (int pass = 0; pass < 2; ++pass)
      for (int k = 0; k < i; ++k) {
        const double along = dot(row, first + k * n, n);
        for (int j = 0; j < n; ++j) row[j] -= along * first[k * n + j];
      }
    const double length = std::sqrt(dot(row, row, n));
    for (int j = 0; j < n; ++j) row[j] /= length;
  }
}

Array orthogonal_values(const Shape& shape, Key key, double gain) {
  const bool tall = shape[0] > shape[1];
  Array a = normal(tall ? Shape{shape[1], shape[0]} : shape, key, 0, 1, f64);
  orthonormal_rows(a);
  for (std::int64_t i = 0; i < a.size(); ++i) a.data<double>()[i] *= gain;
  return tall ? transpose(a).compact() : a;
}

/// A row of square blocks: block(shape, index).
template <class F> Array gates(const Shape& shape, const char* name, const F& block) {
  need_matrix(shape, name);
  const int H = shape[0];
  if (shape[1] % H != 0)
    throw ShapeError(std::string(name) + ": " + text(shape) + " does not consist of square blocks");
  Array a = Array::empty(shape, f64);
  for (int k = 0; k < shape[1] / H; ++k) a.column_block(k * H, (k + 1) * H).assign(block({H, H}, k));
  return a;
}

Array custom_values(const Init& init, const Shape& shape, Key key) {
  const Array a = init.make(shape, key);
  if (!(a.shape() == shape))
    throw ShapeError("custom initialiser: returned " + text(a.shape()) + ", but the shape is " + text(shape));
  return a.to(f64);
}

}  // namespace

Init fan_in_uniform(int n) {
  const double bound = 1 / std::sqrt(static_cast<double>(n));
  return uniform_init(-bound, bound);
}

Array initial_values(const Init& init, const Shape& shape, Key key) {
  using K = Init::Kind;
  const auto fan_in = [&](const char* name) {
    need_matrix(shape, name);
    return static_cast<double>(shape[0]);
  };
  const auto fans = [&](const char* name) {
    need_matrix(shape, name);
    return static_cast<double>(shape[0]) + shape[1];
  };
  const auto gaussian = [&](double deviation) { return normal(shape, key, 0, deviation, f64); };
  switch (init.kind) {
    case K::zeros: return Array::zeros(shape, f64);
    case K::constant: return Array::full(shape, init.a, f64);
    case K::uniform: return uniform(shape, key, init.a, init.b, f64);
    case K::normal: return normal(shape, key, init.a, init.b, f64);
    case K::xavier_uniform: return spread(shape, key, init.a * std::sqrt(6 / fans("xavier_uniform")));
    case K::xavier_normal: return gaussian(init.a * std::sqrt(2 / fans("xavier_normal")));
    case K::kaiming_uniform: return spread(shape, key, init.a * std::sqrt(3 / fan_in("kaiming_uniform")));
    case K::kaiming_normal: return gaussian(init.a / std::sqrt(fan_in("kaiming_normal")));
    case K::lecun_uniform: return spread(shape, key, std::sqrt(3 / fan_in("lecun_uniform")));
    case K::lecun_normal: return gaussian(1 / std::sqrt(fan_in("lecun_normal")));
    case K::orthogonal: need_matrix(shape, "orthogonal"); return orthogonal_values(shape, key, init.a);
    case K::identity: need_matrix(shape, "identity"); return identity(shape, init.a);
    case K::orthogonal_gates:
      return gates(shape, "orthogonal-gates", [&](const Shape& s, int k) {
        return orthogonal_values(s, key.at(static_cast<std::uint64_t>(k)), init.a);
      });
    case K::identity_gates:
      return gates(shape, "identity-gates", [&](const Shape& s, int) { return identity(s, init.a); });
    case K::custom: return custom_values(init, shape, key);
  }
  throw ValueError("initialiser: unknown kind");
}

}  // namespace ebb
