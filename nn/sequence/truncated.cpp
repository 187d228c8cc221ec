#include <fmt/format.h>
#include <algorithm>
#include <cstring>
#include <ebb/nn/archive.hpp>
#include <ebb/nn/sequence/truncated.hpp>
#include <ebb/ops/counted.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

namespace ebb {

namespace {

constexpr const char* carried = "truncated";  // name of the state in a Result

Array joined(const Array& a, const Array& b) {
  Array both = Array::empty(b.shape().with(0, a.dim(0) + b.dim(0)), b.dtype());
  both.range(0, a.dim(0)).assign(a);
  both.range(a.dim(0), both.dim(0)).assign(b);
  return both;
}
Tokens joined(const Tokens& a, const Tokens& b) {
  Tokens both(b.shape().with(0, a.dim(0) + b.dim(0)));
  std::copy_n(a.data(), a.size(), both.data());
  std::copy_n(b.data(), b.size(), both.data() + a.size());
  return both;
}

State state_after(const Run& run, int step) {
  State s = run.end();
  for (int k = 0; k < s.size(); ++k) s[k] = run.states(s.name(k))[static_cast<std::size_t>(step)];
  return s;
}

}  // namespace

Truncated::Truncated(TruncatedOptions o) : o_(o) {
  if (o.k1 < 1 || o.k2 < o.k1)
    throw ValueError(fmt::format("truncated: 1 <= k1 <= k2 must hold, but k1 is {} and k2 is {}", o.k1, o.k2));
}

void Truncated::check_push(const Shape& next, const Shape& before) {
  if (fresh_ > 0) throw ValueError("truncated: push was called twice without advance");
  if (next.rank() < 2 || next[0] < 1 || next[0] > o_.k1)
    throw ShapeError(
        fmt::format("truncated: push expects [n, B, ...] with n from 1 to k1 = {}, but got {}", o_.k1, text(next)));
  if (steps_ > 0 && (before.rank() == 0 || !(next == before.with(0, next[0]))))
    throw ShapeError(
        fmt::format("truncated: the previous steps were {}, but the new ones are {}", text(before), text(next)));
}
void Truncated::pushed(int n) {
  fresh_ = n;
  steps_ += n;
}

void Truncated::push(const Array& next) {
  check_push(next.shape(), x_.shape());
  x_ = steps_ > 0 ? joined(x_, next) : next.copy();
  pushed(next.dim(0));
}
void Truncated::push(const Tokens& next) {
  check_push(next.shape(), tokens_.shape());
  tokens_ = steps_ > 0 ? joined(tokens_, next) : next.copy();
  pushed(next.dim(0));
}

int Truncated::leaving() const { return std::max(0, steps_ + o_.k1 - o_.k2); }

Run Truncated::unroll(const Cell& cell, const Sequence& x, Shard& s, std::source_location where) const {
  if (fresh_ == 0) throw ValueError("truncated: unroll was called without push");
  if (x.steps() != steps_)
    throw ShapeError(fmt::format("truncated: the window has {}, but x is {}", detail::counted(steps_, "step"),
                                 text(x.all().shape())));
  Run run = ebb::unroll(cell, x, s.take(carry_, where), s.context(), where);
  if (leaving() > 0) s.out(carried, state_after(run, leaving() - 1));
  return run;
}

Var Truncated::fresh(const Run& run, std::source_location where) const {
  if (fresh_ == 0 || run.steps() != steps_) throw ValueError("truncated: the run is not over the window's steps");
  return range(At(run.all(where), where), steps_ - fresh_, steps_);
}

void Truncated::advance(const Result& r) {
  if (fresh_ == 0) throw ValueError("truncated: advance was called without push");
  if (const int first = leaving(); first > 0) {
    carry_ = r.state(carried);
    if (x_) x_ = x_.range(first, steps_).copy();
    else tokens_ = tokens_.range(first, steps_).copy();
    steps_ -= first;
  }
  fresh_ = 0;
}

void Truncated::restart() { *this = Truncated(o_); }

void Truncated::visit(Archive& a) {
  if (fresh_ > 0) throw ValueError("truncated: save and load must be called between advance and push");
  a.same("kind", fmt::format("truncated, k1 {} k2 {}", o_.k1, o_.k2))("x", x_)("tokens", tokens_)("steps", steps_)(
      "carry", carry_);
}

}  // namespace ebb
