#include <ebb/autograd/call_site.hpp>
#include <ebb/autograd/step_ends.hpp>
#include <ebb/autograd/tape_impl.hpp>
#include <ebb/autograd/watched_values.hpp>
#include <ebb/nn/cell_spec.hpp>
#include <ebb/nn/sequence/in_step.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/ops/counted.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

namespace ebb {

namespace {

bool same_node(const Var& a, const Var& b) { return a.node() == b.node() && a.epoch() == b.epoch(); }

/// The origin of a value that a step returned: an input that it only passed on comes from a line outside the cell.
std::string source_of(const Var& v, const Var& x, const State& before) {
  if (same_node(v, x)) return ", which is the x that the step received";
  for (int k = 0; k < before.size(); ++k)
    if (same_node(v, before[k])) return std::string(", which is the ") + before.name(k) + " that the step received";
  return detail::origin_of(v);
}

void check_initial(const Cell& cell, const State& initial, int rows, const std::source_location& where) {
  const std::string name = cell.name();
  if (initial.size() != 0 && initial.size() != cell.field_count())
    throw ShapeError("unroll " + name + ": the cell's state has " + detail::counted(cell.field_count(), "field") +
                     ", but the given initial state has " + std::to_string(initial.size()) +
                     detail::caller_text(where));
  for (int k = 0; k < initial.size(); ++k)
    if (const Field& f = cell.field(k); !detail::fits(f, initial[k].shape(), rows))
      throw ShapeError("unroll " + name + ": the initial " + f.name + " is " + text(initial[k].shape()) +
                       ", but the cell needs " + detail::wanted_text(f, rows) + detail::origin_of(initial[k]));
}

void check(const Cell& cell, const Sequence& x, const std::source_location& where) {
  const std::string name = cell.name();
  const auto line = [&] { return detail::caller_text(where); };
  if (!x.all()) throw ValueError("unroll " + name + ": the sequence is empty" + line());
  const Shape shape = x.all().shape();
  if (shape.rank() != 3)
    throw ShapeError("unroll " + name + ": x must be a sequence [steps, rows, width], but is " + text(shape) + line());
  if (shape[0] == 0) throw ValueError("unroll " + name + ": the sequence has no steps, x is " + text(shape) + line());
  detail::check_input(cell, x.all(), where);
}

template <class F> State each(const State& s, const F& f) {
  State out = s;
  for (int k = 0; k < s.size(); ++k) out[k] = f(s[k], k);
  return out;
}

State rows_of(const State& s, int begin, int end) {
  if (begin == 0 && end == s[0].dim(0)) return s;
  return each(s, [&](const Var& v, int) { return range(v, begin, end); });
}

/// The state for a step on `rows` rows: forwards, ended rows are dropped; backwards, rows that begin are added.
State fitted(const State& s, const State& initial, int rows, const std::source_location& where) {
  const CallSite here{where};
  const int before = s.size() ? s[0].dim(0) : 0;
  if (before >= rows) return rows_of(s, 0, rows);
  if (before == 0) return rows_of(initial, 0, rows);
  return each(s, [&](const Var& v, int k) { return concat({v, range(initial[k], before, rows)}, 0); });
}

/// A field that a step passed through unchanged, or returned under two names, is replaced by a view, so that each field
/// of each step has a separate gradient.
void part_fields(State& next, const State& before, const Var& x, const std::source_location& where) {
  const CallSite here{where};
  for (int k = 0; k < next.size(); ++k) {
    bool shared = same_node(next[k], x);
    for (int j = 0; !shared && j < before.size(); ++j) shared = same_node(next[k], before[j]);
    for (int j = 0; !shared && j < k; ++j) shared = same_node(next[k], next[j]);
    if (shared && next[k].requires_grad()) next[k] = range(next[k], 0, next[k].dim(0));
  }
}

}  // namespace

void detail::check_step(const Cell& cell, const State& s, int rows, const Var& x, const State& before) {
  for (int k = 0; k < s.size(); ++k) {
    const Field& f = cell.field(k);
    if (!s[k]) throw TapeError(std::string("cell ") + cell.name() + ": step returned an empty " + f.name);
    if (const Shape shape = s[k].shape(); !detail::fits(f, shape, rows))
      throw ShapeError(std::string("cell ") + cell.name() + ": step returned " + f.name + " as " + text(shape) +
                       ", but declared " + detail::wanted_text(f, rows) + source_of(s[k], x, before));
  }
}

/// The loop over time shared by all overloads of unroll.
class Unrolling {
 public:
  Unrolling(const Cell& cell, const StepContext& context, Direction d, const std::source_location& where)
      : cell_(cell), context_(context), where_(where) {
    run_.reverse_ = d == Direction::backward;
  }

  Run plain(const Sequence& x, const State& initial) {
    check(cell_, x, where_);
    check_initial(cell_, initial, x.rows(), where_);
    begin(initial, x.rows());
    go(x.steps(), context_, [&](int t) { return x[Index(t, where_)]; }, [&](int) { return x.rows(); });
    run_.end_ = last_;
    return std::move(run_);
  }

  Run packed(const Packed& x, const State& initial) {
    const Packing& p = x.packing;
    const auto line = [&] { return detail::caller_text(where_); };
    if (!x.all || !p) throw ValueError(std::string("unroll ") + cell_.name() + ": the sequence is empty" + line());
    if (x.all.rank() != 2 || x.all.dim(0) != p.size())
      throw ShapeError(std::string("unroll ") + cell_.name() + ": x must be packed as [" + std::to_string(p.size()) +
                       ", width], but is " + text(x.all.shape()) + line());
    detail::check_input(cell_, x.all, where_);
    check_initial(cell_, initial, p.rows(), where_);  // before its rows are sorted: errors name the line that made it
    begin(initial.size() ? each(initial, [&](const Var& v, int) { return gather(At(v, where_), p.order()); }) : initial,
          p.rows());
    run_.packing_ = p;
    if (p.steps() == 0)
      run_.none_ = checked_output(cell_, zeros(x.all.shape().with(0, p.rows()), where_), run_.initial_);
    go(
        p.steps(), context_.of_rows(p.order()), [&](int t) { return x[Index(t, where_)]; },
        [&](int t) { return p.alive(t); });
    const CallSite here{where_};
    run_.end_ = each(run_.initial_, [&](const Var& never, int k) {
      PoolVector<Var> field;
      for (const State& s : run_.states_) field.push_back(s[k]);
      return run_.ended(field, never);
    });
    return std::move(run_);
  }

 private:
  void begin(const State& initial, int rows) {
    run_.initial_ = initial.size() ? initial : cell_.initial_state(rows, where_);
  }

  template <class X, class N> void go(int T, const StepContext& context, const X& x, const N& rows) {
    const detail::WatchRun watched(run_.packing_ ? &run_.packing_.order() : nullptr);
    run_.outputs_.resize(static_cast<std::size_t>(T));
    run_.states_.resize(static_cast<std::size_t>(T));
    run_.step_ends_.resize(static_cast<std::size_t>(T));
    if (!run_.reverse_) last_ = run_.initial_;
    for (int k : steps(T)) {
      const int t = run_.reverse_ ? T - 1 - k : k, n = rows(t);
      watched.step(n);
      detail::TapeImpl::current().set_time(t);
      const Var x_t = x(t);
      const State before = fitted(last_, run_.initial_, n, where_);
      State next = detail::in_step(t, [&] { return cell_.step(x_t, before, context.at_time(t)); });
      detail::check_step(cell_, next, n, x_t, before);
      part_fields(next, before, x_t, where_);
      last_ = std::move(next);
      run_.step_ends_[static_cast<std::size_t>(t)] = detail::step_end();
      // A width is the same at every step: checking the first one costs a small cell nothing.
      Var y = k == 0 ? checked_output(cell_, x_t, last_) : detail::some_output(cell_, x_t, last_);
      run_.outputs_[static_cast<std::size_t>(t)] = std::move(y);
      run_.states_[static_cast<std::size_t>(t)] = last_;
    }
  }

  const Cell& cell_;
  const StepContext& context_;
  const std::source_location& where_;  // of the caller
  State last_;
  Run run_;
};

Run unroll(const Cell& cell, const Sequence& x, const State& initial, const StepContext& context, Direction d,
           std::source_location where) {
  return Unrolling(cell, context, d, where).plain(x, initial);
}
Run unroll(const Cell& cell, const Packed& x, const State& initial, const StepContext& context, Direction d,
           std::source_location where) {
  return Unrolling(cell, context, d, where).packed(x, initial);
}

Run unroll(const Cell& cell, const Sequence& x, const State& initial, const StepContext& context,
           std::source_location where) {
  return unroll(cell, x, initial, context, Direction::forward, where);
}
Run unroll(const Cell& cell, const Sequence& x, const StepContext& context, std::source_location where) {
  return unroll(cell, x, State{}, context, where);
}
Run unroll(const Cell& cell, const Packed& x, const State& initial, const StepContext& context,
           std::source_location where) {
  return unroll(cell, x, initial, context, Direction::forward, where);
}
Run unroll(const Cell& cell, const Packed& x, const StepContext& context, std::source_location where) {
  return unroll(cell, x, State{}, context, where);
}
Run unroll(const Cell& cell, const Sequence& x, const State& initial, const Lengths& lengths,
           const StepContext& context, std::source_location where) {
  check(cell, x, where);
  return unroll(cell, pack(x, lengths, where), initial, context, where);
}
Run unroll(const Cell& cell, const Sequence& x, const Lengths& lengths, const StepContext& context,
           std::source_location where) {
  return unroll(cell, x, State{}, lengths, context, where);
}

}  // namespace ebb
