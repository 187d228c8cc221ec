#include <ebb/autograd/call_site.hpp>
#include <ebb/autograd/step_ends.hpp>
#include <ebb/autograd/tape_impl.hpp>
#include <ebb/nn/cell_spec.hpp>
#include <ebb/nn/sequence/in_step.hpp>
#include <ebb/nn/sequence/run_steps.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

namespace ebb::detail {

namespace {

bool same_node(const Var& a, const Var& b) { return a.node() == b.node() && a.epoch() == b.epoch(); }

/// The origin of a value that a step returned: an input that it only passed on comes from a line outside the cell.
std::string source_of(const Var& v, const Var& x, const State& before) {
  if (same_node(v, x)) return ", which is the x that the step received";
  for (int k = 0; k < before.size(); ++k)
    if (same_node(v, before[k])) return std::string(", which is the ") + before.name(k) + " that the step received";
  return origin_of(v);
}

State rows_of(const State& s, int begin, int end) {
  if (begin == 0 && end == s[0].dim(0)) return s;
  State part = s;
  for (int k = 0; k < s.size(); ++k) part[k] = range(s[k], begin, end);
  return part;
}

/// The state for a step on `rows` rows: forwards, ended rows are dropped; backwards, rows that begin are added.
State fitted(const State& s, const State& initial, int rows, const std::source_location& where) {
  const CallSite here{where};
  const int before = s.size() ? s[0].dim(0) : 0;
  if (before >= rows) return rows_of(s, 0, rows);
  if (before == 0) return rows_of(initial, 0, rows);
  State wider = s;
  for (int k = 0; k < s.size(); ++k) wider[k] = concat({s[k], range(initial[k], before, rows)}, 0);
  return wider;
}

/// A field that a step passed through unchanged, or returned under two names, gets a node of its own, so that each
/// field of each step has a separate gradient, which is complete before it reaches what the field shares: so a run from
/// checkpoints sums in the same order.
void part_fields(State& next, const State& before, const Var& x, const std::source_location& where) {
  const CallSite here{where};
  for (int k = 0; k < next.size(); ++k) {
    bool shared = same_node(next[k], x);
    for (int j = 0; !shared && j < before.size(); ++j) shared = same_node(next[k], before[j]);
    for (int j = 0; !shared && j < k; ++j) shared = same_node(next[k], next[j]);
    if (shared && next[k].requires_grad()) next[k] = 1 * next[k];
  }
}

}  // namespace

void check_step(const Cell& cell, const State& s, int rows, const Var& x, const State& before) {
  for (int k = 0; k < s.size(); ++k) {
    const Field& f = cell.field(k);
    if (!s[k]) throw TapeError(std::string("cell ") + cell.name() + ": step returned an empty " + f.name);
    if (const Shape shape = s[k].shape(); !fits(f, shape, rows))
      throw ShapeError(std::string("cell ") + cell.name() + ": step returned " + f.name + " as " + text(shape) +
                       ", but declared " + wanted_text(f, rows) + source_of(s[k], x, before));
  }
}

RunSteps::RunSteps(const Cell& cell, const StepContext& context, Direction d, Packing packing, int steps, int rows,
                   const std::source_location& where)
    : cell_(cell), packing_(std::move(packing)), context_(packing_ ? context.of_rows(packing_.order()) : context),
      direction_(d), steps_(steps), rows_(rows), where_(where) {}

RunSteps::Made RunSteps::take(int k, const Var& x, const State& last, const State& initial) const {
  const int t = time(k), n = rows(k);
  TapeImpl::current().set_time(t);
  const Var x_t = packing_ ? range(At(x, where_), packing_.begin(t), packing_.begin(t) + n) : x[Index(t, where_)];
  const State before = fitted(last, initial, n, where_);
  Made made;
  made.state = in_step(t, [&] { return cell_.step(x_t, before, context_.at_time(t)); });
  check_step(cell_, made.state, n, x_t, before);
  part_fields(made.state, before, x_t, where_);
  made.end = step_end();
  // A width is the same at every step: checking the first one costs a small cell nothing.
  made.output = k == 0 ? checked_output(cell_, x_t, made.state) : some_output(cell_, x_t, made.state);
  return made;
}

}  // namespace ebb::detail
