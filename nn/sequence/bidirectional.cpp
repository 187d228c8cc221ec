#include <ebb/nn/sequence/bidirectional.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

namespace ebb {

namespace {

Var joined(const Var& f, const Var& b, Join join) {
  if (join == Join::concatenate) return concat({f, b}, -1);
  if (!(f.shape() == b.shape()))
    throw ShapeError("bidirectional: outputs of " + text(f.shape()) + " and " + text(b.shape()) +
                     " cannot be summed; concatenate them");
  return f + b;
}

/// What is drawn and what is watched stands in a scope of its own.
template <class X> Run named_run(const char* name, const Cell& cell, const X& x, const StepContext& pass, Direction d) {
  const detail::WatchScope named(name);
  return unroll(cell, x, State{}, pass.named(name), d);
}

}  // namespace

Bidirectional bidirectional(const Cell& forward, const Cell& backward, const Sequence& x, const StepContext& pass,
                            Join join) {
  const Run ahead = named_run("forward", forward, x, pass, Direction::forward);
  const Run back = named_run("backward", backward, x, pass, Direction::backward);
  return {joined(ahead.all(), back.all(), join), ahead.end(), back.end()};
}

BidirectionalOf<Packed> bidirectional(const Cell& forward, const Cell& backward, const Packed& x,
                                      const StepContext& pass, Join join) {
  const Run ahead = named_run("forward", forward, x, pass, Direction::forward);
  const Run back = named_run("backward", backward, x, pass, Direction::backward);
  return {{joined(ahead.packed().all, back.packed().all, join), x.packing}, ahead.end(), back.end()};
}

Bidirectional bidirectional(const Cell& forward, const Cell& backward, const Sequence& x, const Lengths& lengths,
                            const StepContext& pass, Join join) {
  const auto run = bidirectional(forward, backward, pack(x, lengths), pass, join);
  return {unpack(run.all), run.forward, run.backward};
}

}  // namespace ebb
