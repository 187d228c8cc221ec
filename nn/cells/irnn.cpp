#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cell.hpp>

namespace ebb {
namespace {

/// Recurrent network of rectified units with the identity as initial recurrent matrix, which forgets nothing.
///
///     h' = relu(x W + h U + b)
///
/// Shapes    x [B, I]; h [B, H]; W [I, H], U [H, H], b [H]
/// Options   scale=1, factor of the identity
/// Init      W normal with deviation .001, U scale times the identity, b zero
/// Cost      2 H (I + H) flops per row and step
/// Source    Le et al. 2015, arXiv:1504.00941
struct Irnn {
  Param W, U, b;

  Irnn(Builder p, CellSizes s) {
    W = p.matrix("W", s.input, s.hidden, normal_init(0, .001));
    U = p.matrix("U", s.hidden, s.hidden,
                 identity_init(p.option("scale", 1, "factor of the identity, U's initial value")));
    b = p.vector("b", s.hidden, zero_init);
  }

  Hidden step(const Var& x, const Hidden& s) const {
    return {fuse([](auto a, auto b) { return relu(a + b); }, matmul(x, W) + matmul(s.h, U), b)};
  }
  Hidden step(const Var& x, const Hidden& s, const StateDrop& d) const { return step(x, Hidden{d.state(s.h)}); }
};
EBB_CELL(irnn, Irnn, "RNN of rectified units initialised with the identity, Le et al. 2015");

}  // namespace
}  // namespace ebb
