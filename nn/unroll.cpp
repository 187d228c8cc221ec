#include <ebb/autograd/tape_impl.hpp>
#include <ebb/nn/unroll.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

namespace ebb {

namespace {

bool fits(const Field& f, const Shape& s, int rows) {
  bool ok = s.rank() == f.rank + 1 && s[0] == rows;
  for (int a = 0; ok && a < f.rank; ++a) ok = s[a + 1] == f.width[a];
  return ok;
}

/// What a step returned is what the cell declared: else a state that broadcasts would grow unseen.
void check_step(const Cell& cell, const State& s, int rows) {
  for (int k = 0; k < s.size(); ++k) {
    const Field& f = cell.field(k);
    if (!s[k]) throw TapeError(std::string("cell ") + cell.name() + ": step returned an empty " + f.name);
    if (const Shape shape = s[k].shape(); !fits(f, shape, rows))
      throw ShapeError(std::string("cell ") + cell.name() + ": step returned " + f.name + " as " + text(shape) + ", declared are " +
                       std::to_string(rows) + " rows of " + text(Shape(f.width, f.rank)) + detail::origin_of(s[k]));
  }
}

void check(const Cell& cell, const Sequence& x, const State& start) {
  const std::string name = cell.name();
  if (!x.all()) throw ValueError("unroll " + name + ": the sequence is empty");
  const Shape shape = x.all().shape();
  if (shape.rank() != 3)
    throw ShapeError("unroll " + name + ": a sequence is [steps, rows, width], but x is " + text(shape));
  if (shape[0] == 0) throw ValueError("unroll " + name + ": the sequence has no steps, x is " + text(shape));
  if (start.size() != 0 && start.size() != cell.field_count())
    throw ShapeError("unroll " + name + ": the cell's state has " + std::to_string(cell.field_count()) +
                     " fields, the given start has " + std::to_string(start.size()));
  for (int k = 0; k < start.size(); ++k) {
    const Field& f = cell.field(k);
    if (!fits(f, start[k].shape(), shape[1]))
      throw ShapeError("unroll " + name + ": the start of " + f.name + " is " + text(start[k].shape()) +
                       ", the cell needs " + std::to_string(shape[1]) + " rows of " + text(Shape(f.width, f.rank)));
  }
}

}  // namespace

Run unroll(const Cell& cell, const Sequence& x, const State& start, const Pass& pass) {
  check(cell, x, start);
  const int T = x.steps();
  Run run;
  run.outputs_.reserve(static_cast<std::size_t>(T));
  run.states_.reserve(static_cast<std::size_t>(T));
  State s = start.size() ? start : cell.start(x.rows());
  for (int t : steps(T)) {
    const Var x_t = x[t];
    s = cell.step(x_t, s, pass.at_time(t));
    check_step(cell, s, x.rows());
    run.outputs_.push_back(cell.output(x_t, s));
    run.states_.push_back(s);
  }
  return run;
}

Run unroll(const Cell& cell, const Sequence& x, const Pass& pass) { return unroll(cell, x, State{}, pass); }

int Run::steps() const { return static_cast<int>(outputs_.size()); }

Var Run::operator[](int t) const {
  if (t < 0 || t >= steps())
    throw ValueError("run: there is no step " + std::to_string(t) + ", it has " + std::to_string(steps()));
  return outputs_[static_cast<std::size_t>(t)];
}
Var Run::last() const { return (*this)[steps() - 1]; }
Var Run::all() const { return stack(outputs_); }

const State& Run::end() const {
  if (states_.empty()) throw ValueError("run: it has no steps");
  return states_.back();
}

std::vector<Var> Run::states(const std::string& field) const {
  std::vector<Var> list;
  list.reserve(states_.size());
  if (states_.empty()) return list;
  const int k = states_[0].index(field.c_str());
  for (const State& s : states_) list.push_back(s[k]);
  return list;
}

}  // namespace ebb
