#include <ebb/nn/bidirectional.hpp>

namespace ebb {

namespace {

Bidirectional run(const Cell& forward, const Cell& backward, const Sequence& x, const Lengths* lengths, const Pass& pass, Join join) {
  const Run ahead = detail_unroll(forward, x, State{}, pass.named("forward"), lengths, false);
  const Run back = detail_unroll(backward, flip(x.all(), 0), State{}, pass.named("backward"), lengths, true);
  const Var f = ahead.all(), b = flip(back.all(), 0);
  return {join == Join::sum ? f + b : concat({f, b}, -1), ahead.end(), back.end()};
}

}  // namespace

Bidirectional bidirectional(const Cell& forward, const Cell& backward, const Sequence& x, const Pass& pass, Join join) {
  return run(forward, backward, x, nullptr, pass, join);
}
Bidirectional bidirectional(const Cell& forward, const Cell& backward, const Sequence& x, const Lengths& lengths, const Pass& pass,
                            Join join) {
  return run(forward, backward, x, &lengths, pass, join);
}

}  // namespace ebb
