#include <ebb/nn/sequence/bidirectional.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

namespace ebb {

namespace {

Var joined(const Var& f, const Var& b, Join join, const std::source_location& where) {
  const CallSite here{where};
  if (join == Join::concatenate) return concat({f, b}, -1);
  if (!(f.shape() == b.shape()))
    throw ShapeError("bidirectional: outputs of " + text(f.shape()) + " and " + text(b.shape()) +
                     " differ in shape and cannot be summed; concatenate them");
  return f + b;
}

/// Random draws and watched values are in a separate scope.
template <class X>
Run named_run(const char* name, const Cell& cell, const X& x, const StepContext& context, Direction d,
              const std::source_location& where) {
  const WatchScope named(name);
  return unroll(cell, x, State{}, context.named(name), d, where);
}

}  // namespace

Bidirectional bidirectional(const Cell& forward, const Cell& backward, const Sequence& x, const StepContext& context,
                            Join join, std::source_location where) {
  const Run ahead = named_run("forward", forward, x, context, Direction::forward, where);
  const Run back = named_run("backward", backward, x, context, Direction::backward, where);
  return {joined(ahead.all(where), back.all(where), join, where), ahead.end(), back.end()};
}

BidirectionalOf<Packed> bidirectional(const Cell& forward, const Cell& backward, const Packed& x,
                                      const StepContext& context, Join join, std::source_location where) {
  const Run ahead = named_run("forward", forward, x, context, Direction::forward, where);
  const Run back = named_run("backward", backward, x, context, Direction::backward, where);
  return {{joined(ahead.packed(where).all, back.packed(where).all, join, where), x.packing}, ahead.end(), back.end()};
}

Bidirectional bidirectional(const Cell& forward, const Cell& backward, const Sequence& x, const Lengths& lengths,
                            const StepContext& context, Join join, std::source_location where) {
  const auto run = bidirectional(forward, backward, pack(x, lengths, where), context, join, where);
  return {unpack(run.all, where), run.forward, run.backward};
}

}  // namespace ebb
