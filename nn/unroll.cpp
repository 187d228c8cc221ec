#include <algorithm>
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

/// Which rows a step moves.
class Alive {
 public:
  Alive(const Lengths* lengths, int steps, int rows, bool from_end) : lengths_(lengths), steps_(steps), from_end_(from_end) {
    if (!lengths) return;
    if (lengths->rank() != 1 || lengths->dim(0) != rows)
      throw ShapeError("unroll: lengths are " + text(lengths->shape()) + ", one is needed for each of " + std::to_string(rows) + " rows");
    for (int r = 0; r < rows; ++r) {
      const int n = lengths->data()[r];
      if (n < 0 || n > steps)
        throw ValueError("unroll: length " + std::to_string(n) + " of row " + std::to_string(r) + " is outside [0, " +
                         std::to_string(steps) + "]");
      shortest_ = std::min(shortest_, n);
    }
  }
  bool row(int t, int r) const {
    const int n = lengths_->data()[r];
    return from_end_ ? t >= steps_ - n : t < n;
  }
  bool all(int t) const { return !lengths_ || (from_end_ ? t >= steps_ - shortest_ : t < shortest_); }
  State chosen(int t, const State& next, const State& before) const {
    State s = before;
    for (int k = 0; k < s.size(); ++k) {
      int extent[Shape::max_rank] = {next[k].dim(0), 1, 1, 1};
      Array mask = Array::zeros(Shape(extent, next[k].rank()), next[k].dtype());
      for (int r = 0; r < extent[0]; ++r) mask.set_flat(r, row(t, r) ? 1 : 0);
      s[k] = where(constant(mask), next[k], before[k]);
    }
    return s;
  }

 private:
  const Lengths* lengths_;
  int steps_, shortest_ = 1 << 30;
  bool from_end_;
};

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

Run detail_unroll(const Cell& cell, const Sequence& x, const State& start, const Pass& pass, const Lengths* lengths, bool from_end) {
  check(cell, x, start);
  const int T = x.steps();
  const Alive alive(lengths, T, x.rows(), from_end);
  Run run;
  run.outputs_.reserve(static_cast<std::size_t>(T));
  run.states_.reserve(static_cast<std::size_t>(T));
  State s = start.size() ? start : cell.start(x.rows());
  for (int t : steps(T)) {
    const Var x_t = x[t];
    State next = cell.step(x_t, s, pass.at_time(t));
    check_step(cell, next, x.rows());
    s = alive.all(t) ? std::move(next) : alive.chosen(t, next, s);
    run.outputs_.push_back(cell.output(x_t, s));
    run.states_.push_back(s);
  }
  return run;
}

Run unroll(const Cell& cell, const Sequence& x, const State& start, const Pass& pass) {
  return detail_unroll(cell, x, start, pass, nullptr, false);
}
Run unroll(const Cell& cell, const Sequence& x, const Pass& pass) { return unroll(cell, x, State{}, pass); }
Run unroll(const Cell& cell, const Sequence& x, const State& start, const Lengths& lengths, const Pass& pass) {
  return detail_unroll(cell, x, start, pass, &lengths, false);
}
Run unroll(const Cell& cell, const Sequence& x, const Lengths& lengths, const Pass& pass) {
  return unroll(cell, x, State{}, lengths, pass);
}

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
