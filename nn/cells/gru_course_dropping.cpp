#include <ebb/nn/cells/gru_course.hpp>

namespace ebb {

/// The step of gru_course.cpp with dropout: d(h) is h with dropout, used in both products, m the candidate's mask.
///
///     n = tanh(x Wx + (r * d(h)) Un + b);   h' = (1 - z) * h + z * (n * m)
Hidden GruCourse::step(const Var& x, const Hidden& s, const Drop& d) const {
  const Var h = d.state(s.h);
  auto [xr, xz, xn] = split<3>(matmul(x, Wx) + b);
  auto [hr, hz] = split<2>(matmul(h, Wh));
  auto r = watch("r", sigmoid(xr + hr));
  auto z = watch("z", sigmoid(xz + hz));
  auto n = watch("n", tanh(xn + matmul(r * h, Un)));
  return {(1 - z) * s.h + z * (n * d.candidate(n))};
}

}  // namespace ebb
