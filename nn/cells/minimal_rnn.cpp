#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cell.hpp>

namespace ebb {
namespace {

/// MinimalRNN: the input is mapped into the space of the state first, and one gate then mixes the two.
///
///     v = tanh(x W + bv);   u = sigmoid(h U + v V + bu);   h' = u * h + (1 - u) * v
///
/// Shapes    x [B, I]; h [B, H]; W [I, H], U, V [H, H], bv, bu [H]
/// Init      all uniform in +-1/sqrt(H)
/// Cost      2 H (I + 2 H) flops per row and step
/// Source    Chen 2017, arXiv:1711.06788
/// Differs   the paper allows any network from x to v; this is the one layer of its experiments
struct MinimalRnn {
  Param W, bv, U, V, bu;

  MinimalRnn(Builder p, CellSizes s) {
    W = p.matrix("W", s.input, s.hidden);
    bv = p.vector("bv", s.hidden);
    U = p.matrix("U", s.hidden, s.hidden);
    V = p.matrix("V", s.hidden, s.hidden);
    bu = p.vector("bu", s.hidden);
  }

  Hidden step(const Var& x, const Hidden& s) const { return next(x, s, s.h); }
  Hidden step(const Var& x, const Hidden& s, const StateDrop& d) const { return next(x, s, d.state(s.h)); }

 private:
  /// The step; `seen` is the h that enters the recurrent product, with or without dropout.
  Hidden next(const Var& x, const Hidden& s, const Var& seen) const {
    const Var v = fuse([](auto a, auto b) { return watch("v", tanh(a + b)); }, matmul(x, W), bv);
    return {fuse(
        [](auto a, auto b, auto v, auto h) {
          auto u = watch("u", sigmoid(a + b));
          return u * h + (1 - u) * v;
        },
        matmul(seen, U) + matmul(v, V), bu, v, s.h)};
  }
};
EBB_CELL(minimalrnn, MinimalRnn, "MinimalRNN: one gate between state and mapped input, Chen 2017");

}  // namespace
}  // namespace ebb
