#include <fmt/format.h>
#include <ebb/autograd/fuse.hpp>
#include <ebb/autograd/tape.hpp>
#include <ebb/nn/sequence/dropout.hpp>
#include <ebb/ops/error.hpp>

namespace ebb {

namespace {

void check(double p) {
  if (!(p >= 0 && p < 1))
    throw ValueError(fmt::format("dropout: the probability must be at least 0 and less than 1, but is {}", p));
}

Var masked(const Var& x, const Var& mask, double p) {
  return fuse([](auto x, auto mask, auto scale) { return where(mask, x * scale, 0); }, x, mask,
              1 / (1 - p));  // where, not *, since x may be infinite
}

}  // namespace

Var dropout(const Var& x, double p, const StepContext& at, const char* name, std::source_location where) {
  check(p);
  const CallSite here{where};
  return at.training() && p > 0 ? masked(x, at.bernoulli(name, x, 1 - p), p) : x;
}

Sequence dropout(const Sequence& x, double p, const StepContext& at, const char* name, std::source_location where) {
  check(p);
  const CallSite here{where};
  return at.training() && p > 0 ? Sequence(masked(x.all(), at.bernoulli_of_steps(name, x.all(), 1 - p), p)) : x;
}

Packed dropout(const Packed& x, double p, const StepContext& at, const char* name, std::source_location where) {
  check(p);
  const CallSite here{where};
  if (!at.training() || p == 0) return x;
  const Packing& packing = x.packing;
  Array mask = Array::empty(x.all.shape(), x.all.dtype());
  const StepContext rows = at.of_rows(packing.order());
  for (int t = 0; t < packing.steps(); ++t) {
    const NoGrad off;  // only the shape is used
    const int begin = packing.begin(t);
    mask.range(begin, begin + packing.alive(t)).assign(rows.at_time(t).bernoulli(name, x[t], 1 - p).value());
  }
  return {masked(x.all, constant(mask), p), packing};
}

DropoutCell::DropoutCell(CellPtr inner, DropoutOptions o) : CellWrapper(static_cast<CellPtr&&>(inner)), o_(o) {
  check(o.input);
  check(o.state);
  if (o.state > 0 && !drops().state)
    throw ValueError(
        fmt::format("dropout: cell {} does not support dropout of its state. Add an overload `State step(const Var& x, "
                    "const State& s, const StateDrop& d) const` with the same equations and d.state(s.h) in the "
                    "recurrent products; or drop only its input",
                    name()));
}

State DropoutCell::step(const Var& x, const State& s, const StepContext& at) const {
  const StepContext own = at.named("dropout cell"), mask = o_.per_sequence ? own.per_sequence() : own;
  const Var input = dropout(x, o_.input, mask, "input");
  if (o_.state == 0) return inner().step(input, s, at);
  return inner().step(
      input, s,
      at.dropping({.state = o_.state, .candidate = at.drop_rates().candidate, .per_sequence = o_.per_sequence}));
}

}  // namespace ebb
