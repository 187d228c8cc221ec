#include <algorithm>
#include <cmath>
#include <ebb/autograd/jvp.hpp>
#include <ebb/autograd/tape.hpp>
#include <ebb/nn/sequence/in_step.hpp>
#include <ebb/nn/sequence/step_jacobian.hpp>
#include <ebb/observe/trajectory.hpp>
#include <ebb/ops/counted.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/text.hpp>
#include <string>
#include <utility>

namespace ebb {

namespace {

constexpr int numbers_at_once = 1 << 22;  // of repeated states, on one tape

void check_finite(const Cell& cell, const Array& state, int steps) {
  if (all_finite(state)) return;
  int row = 0;
  while (all_finite(state[row])) ++row;
  throw ValueError(std::string("the state of cell ") + cell.name() + " is infinite or NaN after " +
                   detail::counted(steps, "step") + ", in row " + std::to_string(row));
}

/// The input x of a step, as the caller gave it: errors name it, and not the step that would read it.
void check_input(const Cell& cell, const Array& x, int step) {
  const int width = cell.sizes().input;
  if (width > 0 && x.dim(1) != width)
    throw ShapeError("the inputs x are " + text(x.shape()) + " in step " + std::to_string(step) + ", but cell " +
                     cell.name() + " was made for a width of " + std::to_string(width));
  if (all_finite(x)) return;
  int row = 0;
  while (all_finite(x[row])) ++row;
  throw ValueError("the inputs x are infinite or NaN in step " + std::to_string(step) + ", row " + std::to_string(row));
}

}  // namespace

Drive::Drive(int steps, std::function<Array(int)> input) : steps_(steps), input_(std::move(input)) {
  if (steps < 1) throw ValueError("a drive must have at least one step, but has " + std::to_string(steps));
}
Drive::Drive(const Array& x) : Drive(x.rank() == 3 ? x.dim(0) : 1, [x](int t) { return x[t].to(f64); }) {
  if (x.rank() != 3) throw ShapeError("inputs must be [steps, rows, width], but are " + text(x.shape()));
}
Drive Drive::held(const Array& x, int steps) {
  if (x.rank() != 2) throw ShapeError("a held input must be [rows, width], but is " + text(x.shape()));
  return {steps, [all = x.to(f64)](int) { return all; }};
}
Drive Drive::made(int steps, std::function<Array(int)> input) {
  return {steps, [f = std::move(input)](int t) { return f(t).to(f64); }};
}

Array initial_state(const Cell& cell, int rows) {
  const Tape tape{{.dtype = f64}};
  const NoGrad off;
  return flat_state(cell.initial_state(rows)).value();
}

State as_state(const Cell& cell, const Var& flat) {
  State s(cell.field_names(), cell.field_count());
  int begin = 0;
  for (int k = 0; k < s.size(); ++k) {
    const Field& f = cell.field(k);
    const Shape width(f.width, f.rank);
    const int end = begin + static_cast<int>(width.size());
    int extents[Shape::max_rank] = {flat.dim(0)};
    std::copy_n(f.width, f.rank, extents + 1);
    s[k] = reshape(slice(flat, -1, begin, end), Shape(extents, f.rank + 1));
    begin = end;
  }
  return s;
}

Trajectory::Trajectory(const Cell& cell, const Drive& drive, const Array& start, const StepContext& at)
    : cell_(cell), drive_(drive), at_(at), x_(drive_.at(0)) {
  if (x_.rank() != 2) throw ShapeError("the input of a step must be [rows, width], but is " + text(x_.shape()));
  check_input(cell, x_, 0);
  const int S = state_size(cell);
  state_ = start ? start.to(f64).copy() : initial_state(cell, x_.dim(0));
  if (!(state_.shape() == Shape{x_.dim(0), S}))
    throw ShapeError(std::string("the initial state of cell ") + cell.name() + " must be [" +
                     std::to_string(x_.dim(0)) + ", " + std::to_string(S) + "] for these inputs, but is " +
                     text(state_.shape()));
  check_finite(cell, state_, 0);
}

void Trajectory::check_not_ended(const char* call) const {
  if (ended())
    throw ValueError(std::string(call) + ": the trajectory has ended after " + detail::counted(time_, "step") +
                     ", the length of its inputs");
}

Array Trajectory::jacobian() const {
  check_not_ended("jacobian");
  const Tape tape{{.dtype = f64}};
  const NoGrad off;
  return detail::in_step(
      time_, [&] { return step_jacobian(cell_, constant(x_), as_state(cell_, constant(state_)), at_.at_time(time_)); });
}

Array Trajectory::along(const Array& v) const {
  check_not_ended("along");
  if (v.rank() != 3 || v.dim(0) != rows() || v.dim(2) != size())
    throw ShapeError("along: vectors must be [" + std::to_string(rows()) + ", k, " + std::to_string(size()) +
                     "], but are " + text(v.shape()));
  const int all = rows() * v.dim(1), some = std::max(1, numbers_at_once / size());
  const Array flat = v.to(f64).reshape({all, size()});
  Array result = Array::empty(v.shape(), f64), out = result.reshape({all, size()});
  for (int begin = 0; begin < all; begin += some) {
    const int end = std::min(all, begin + some);
    Array part = out.range(begin, end);
    part.assign(along_some(flat.range(begin, end), v.dim(1), begin));
  }
  return result;
}

/// J v for v [n, S], the vectors from number `first` on, with k vectors per row.
Array Trajectory::along_some(const Array& v, int k, int first) const {
  const int n = v.dim(0);
  Tokens order({std::max(n, rows())});  // a StepContext draws for as many rows as there are entries
  for (int i = 0; i < n; ++i) order.data()[i] = (first + i) / k;
  const Tokens repeated = order.range(0, n);
  const Tape tape{{.dtype = f64, .order = 2}};
  const auto step = [&](const Var& flat) {
    return flat_state(
        cell_.step(constant(gather(x_, repeated)), as_state(cell_, flat), at_.at_time(time_).of_rows(order)));
  };
  return detail::in_step(time_, [&] { return jvp(step, variable(gather(state_, repeated)), constant(v)); })
      .second.value();
}

void Trajectory::advance() {
  check_not_ended("advance");
  {
    const Tape tape{{.dtype = f64}};
    const NoGrad off;
    state_ = detail::in_step(time_, [&] {
               return flat_state(cell_.step(constant(x_), as_state(cell_, constant(state_)), at_.at_time(time_)));
             }).value();
  }
  check_finite(cell_, state_, ++time_);
  if (ended()) return;
  const Array next = drive_.at(time_);
  if (!(next.shape() == x_.shape()))
    throw ShapeError("the input of step " + std::to_string(time_) + " is " + text(next.shape()) +
                     ", but that of the first is " + text(x_.shape()));
  check_input(cell_, next, time_);
  x_ = next;
}

}  // namespace ebb
