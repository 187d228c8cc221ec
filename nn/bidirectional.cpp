#include <ebb/nn/bidirectional.hpp>

namespace ebb {

Bidirectional bidirectional(const Cell& forward, const Cell& backward, const Sequence& x, const Pass& pass, Join join) {
  const Run ahead = unroll(forward, x, pass.named("forward")), back = unroll(backward, flip(x.all(), 0), pass.named("backward"));
  const Var f = ahead.all(), b = flip(back.all(), 0);
  return {join == Join::sum ? f + b : concat({f, b}, -1), ahead.end(), back.end()};
}

}  // namespace ebb
