#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cells/gru.hpp>

namespace ebb {

/// The step of gru.cpp with dropout: d(h) is h with dropout, m the candidate's mask.
///
///     [hr hz hn] = d(h) Wh;   h' = (1 - z) * (n * m) + z * h
Hidden Gru::step(const Var& x, const Hidden& s, const Drop& d) const {
  return {fuse(
      [](auto xr, auto xz, auto xn, auto hr, auto hz, auto hn, auto bn, auto h, auto m) {
        auto r = watch("r", sigmoid(xr + hr));
        auto z = watch("z", sigmoid(xz + hz));
        auto n = watch("n", tanh(xn + r * (hn + bn))) * m;
        return (1 - z) * n + z * h;
      },
      split<3>(matmul(x, Wx) + b), split<3>(matmul(d.state(s.h), Wh)), bn, s.h, d.candidate(s.h))};
}

}  // namespace ebb
