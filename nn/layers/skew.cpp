#include <cmath>
#include <ebb/nn/layers/skew.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

namespace ebb {

namespace {

void need_square(const char* op, const Var& m) {
  if (m.rank() != 2 || m.dim(0) != m.dim(1))
    throw ShapeError(std::string(op) + ": the matrix must be square, but is " + text(m.shape()));
}

/// A mask of the entries on and above diagonal `from` (0 is the main diagonal), or of that diagonal only.
Var upper(int n, int from, bool only) {
  Array a = Array::zeros({n, n}, f64);
  for (int i = 0; i < n; ++i)
    for (int j = i + from; j < (only ? std::min(n, i + from + 1) : n); ++j) a.set_flat(std::int64_t{i} * n + j, 1);
  return constant(a);
}

/// The maximum absolute column sum.
double one_norm(const Array& a) {
  double largest = 0;
  for (int j = 0; j < a.dim(1); ++j) {
    double column = 0;
    for (int i = 0; i < a.dim(0); ++i) column += std::abs(a.at_flat(std::int64_t{i} * a.dim(1) + j));
    largest = std::max(largest, column);
  }
  return largest;
}

/// sum of x^k / k! for k = 0 ... 15, as a polynomial in x^4 with coefficients cubic in x.
Var taylor(const Var& x, const Var& one) {
  const Var x2 = matmul(x, x), x3 = matmul(x2, x), x4 = matmul(x2, x2);
  double inverse[16] = {1};
  for (int k = 1; k < 16; ++k) inverse[k] = inverse[k - 1] / k;
  const auto cubic = [&](int k) {
    return inverse[k] * one + inverse[k + 1] * x + inverse[k + 2] * x2 + inverse[k + 3] * x3;
  };
  Var y = cubic(12);
  for (int k = 8; k >= 0; k -= 4) y = matmul(y, x4) + cubic(k);
  return y;
}

}  // namespace

Var antisymmetric(At m) {
  need_square("antisymmetric", m.var);
  return m.var - transpose(m.var);
}

Var matrix_exp(At a) {
  need_square("matrix_exp", a.var);
  const double norm = one_norm(a.var.value());
  // Values that are not finite propagate to the result.
  const int halvings = std::isfinite(norm) && norm > .5 ? static_cast<int>(std::ceil(std::log2(norm / .5))) : 0;
  Var y = taylor(a.var * std::ldexp(1, -halvings), upper(a.var.dim(0), 0, true));
  for (int k = 0; k < halvings; ++k) y = matmul(y, y);
  return y;
}

Var skew_exp(At m) {
  need_square("skew_exp", m.var);
  return matrix_exp(antisymmetric(m.var * upper(m.var.dim(0), 1, false)));
}

}  // namespace ebb
