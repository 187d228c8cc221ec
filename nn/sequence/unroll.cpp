#include <ebb/autograd/call_site.hpp>
#include <ebb/nn/cell_spec.hpp>
#include <ebb/nn/sequence/checkpointed_steps.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/ops/counted.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

namespace ebb {

namespace {

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

}  // namespace

/// The loop over time shared by all overloads of unroll.
class Unrolling {
 public:
  Unrolling(const Cell& cell, const StepContext& context, const UnrollOptions& o, const std::source_location& where)
      : cell_(cell), context_(context), o_(o), where_(where) {
    run_.reverse_ = o.direction == Direction::backward;
  }

  Run plain(const Sequence& x, const State& initial) {
    check(cell_, x, where_);
    check_initial(cell_, initial, x.rows(), where_);
    begin(initial, x.rows());
    go(x.all(), x.steps(), x.rows());
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
    go(x.all, p.steps(), p.rows());
    const CallSite here{where_};
    run_.end_ = each(run_.initial_, [&](const Var& never, int f) {
      PoolVector<Var> field(static_cast<std::size_t>(p.steps()));
      for (const auto& [t, state] : ends_) field[static_cast<std::size_t>(t)] = state[f];
      return run_.ended(field, never);
    });
    return std::move(run_);
  }

 private:
  void begin(const State& initial, int rows) {
    run_.initial_ = initial.size() ? initial : cell_.initial_state(rows, where_);
  }

  void go(const Var& x, int T, int rows) {
    const detail::WatchRun watched(run_.packing_ ? &run_.packing_.order() : nullptr);
    const CheckpointPlan plan(checkpointed() ? o_.checkpoint : Checkpoint(), T);
    const auto made = [&] { return detail::RunSteps(cell_, context_, o_.direction, run_.packing_, T, rows, where_); };
    const auto all = static_cast<std::size_t>(T);
    run_.reads_ = plan.recorded_from() > 0 ? o_.reads : Reads::states;
    if (run_.reads_ == Reads::states) run_.states_.resize(all);
    run_.outputs_.resize(all);
    run_.step_ends_.resize(all);  // 0: of a step that is not recorded
    const detail::RunSteps run = made();
    last_ = run.start(run_.initial_);
    if (plan.recorded_from() > 0)
      put_results(x,
                  std::make_unique<detail::CheckpointedSteps>(
                      std::unique_ptr<const detail::RunSteps>(new detail::RunSteps(made())), plan, x, run_.initial_,
                      o_.reads, watched),
                  run);
    for (int k : steps(plan.recorded_from(), T)) {
      watched.step(run.rows(k));
      detail::RunSteps::Made step = run.take(k, x, last_, run_.initial_);
      const auto t = static_cast<std::size_t>(run.time(k));
      run_.step_ends_[t] = step.end;
      run_.outputs_[t] = std::move(step.output);
      put_state(run, k, std::move(step.state));
    }
  }

  bool checkpointed() const {
    if (!o_.checkpoint) return false;
    const detail::TapeImpl& t = detail::TapeImpl::current("unroll");
    if (t.recording() && t.order() > 1)
      throw TapeError(std::string("unroll ") + cell_.name() +
                      ": a checkpointed run has first-order gradients only, but this tape has order " +
                      std::to_string(t.order()) + ": leave the checkpoint out" + detail::caller_text(where_));
    return !detail::bound_by_time();  // else gradients with respect to each step's parameters are wanted
  }

  /// Makes Vars of what the steps that were not recorded returned.
  void put_results(const Var& x, std::unique_ptr<detail::CheckpointedSteps> part, const detail::RunSteps& run) {
    detail::CheckpointedSteps& those = *part;
    detail::TapeImpl& t = detail::TapeImpl::current("unroll");
    const int before = t.time();
    if (t.recording()) {
      PoolVector<Var> inputs{x};
      for (int f = 0; f < run_.initial_.size(); ++f) inputs.push_back(run_.initial_[f]);
      detail::Recomputed::record(std::move(part), inputs, where_);
    }
    State state(cell_.field_names(), cell_.field_count());
    for (detail::CheckpointedSteps::Returned& r : those.returned()) {
      const int time = run.time(r.k);
      t.set_time(time);
      const Var v = t.recording() ? those.result(r.value, where_) : constant(r.value, where_);
      r.value = Array();
      if (r.output) run_.outputs_[static_cast<std::size_t>(time)] = v;
      if (r.state) state[r.field] = v;
      if (r.state && r.field + 1 == state.size()) put_state(run, r.k, State(state));
    }
    t.set_time(before);
  }

  void put_state(const detail::RunSteps& run, int k, State&& s) {
    const int t = run.time(k);
    last_ = std::move(s);
    if (run_.packing_ && (run.ends_rows(k) || k + 1 == run.count())) ends_.push_back({t, last_});
    if (run_.reads_ == Reads::states) run_.states_[static_cast<std::size_t>(t)] = last_;
  }

  const Cell& cell_;
  const StepContext& context_;
  const UnrollOptions& o_;
  const std::source_location& where_;  // of the caller
  State last_;
  PoolVector<std::pair<int, State>> ends_;  // with lengths: the times at which rows end, with the state
  Run run_;
};

Run unroll(const Cell& cell, const Sequence& x, const State& initial, const StepContext& context,
           const UnrollOptions& o, std::source_location where) {
  return Unrolling(cell, context, o, where).plain(x, initial);
}
Run unroll(const Cell& cell, const Packed& x, const State& initial, const StepContext& context, const UnrollOptions& o,
           std::source_location where) {
  return Unrolling(cell, context, o, where).packed(x, initial);
}
Run unroll(const Cell& cell, const Sequence& x, const StepContext& context, const UnrollOptions& o,
           std::source_location where) {
  return unroll(cell, x, State{}, context, o, where);
}
Run unroll(const Cell& cell, const Packed& x, const StepContext& context, const UnrollOptions& o,
           std::source_location where) {
  return unroll(cell, x, State{}, context, o, where);
}

Run unroll(const Cell& cell, const Sequence& x, const State& initial, const StepContext& context, Direction d,
           std::source_location where) {
  return unroll(cell, x, initial, context, {.direction = d}, where);
}
Run unroll(const Cell& cell, const Packed& x, const State& initial, const StepContext& context, Direction d,
           std::source_location where) {
  return unroll(cell, x, initial, context, {.direction = d}, where);
}
Run unroll(const Cell& cell, const Sequence& x, const State& initial, const StepContext& context,
           std::source_location where) {
  return unroll(cell, x, initial, context, UnrollOptions{}, where);
}
Run unroll(const Cell& cell, const Sequence& x, const StepContext& context, std::source_location where) {
  return unroll(cell, x, State{}, context, where);
}
Run unroll(const Cell& cell, const Packed& x, const State& initial, const StepContext& context,
           std::source_location where) {
  return unroll(cell, x, initial, context, UnrollOptions{}, where);
}
Run unroll(const Cell& cell, const Packed& x, const StepContext& context, std::source_location where) {
  return unroll(cell, x, State{}, context, where);
}
Run unroll(const Cell& cell, const Sequence& x, const State& initial, const Lengths& lengths,
           const StepContext& context, const UnrollOptions& o, std::source_location where) {
  check(cell, x, where);
  return unroll(cell, pack(x, lengths, where), initial, context, o, where);
}
Run unroll(const Cell& cell, const Sequence& x, const Lengths& lengths, const StepContext& context,
           const UnrollOptions& o, std::source_location where) {
  return unroll(cell, x, State{}, lengths, context, o, where);
}
Run unroll(const Cell& cell, const Sequence& x, const State& initial, const Lengths& lengths,
           const StepContext& context, std::source_location where) {
  return unroll(cell, x, initial, lengths, context, UnrollOptions{}, where);
}
Run unroll(const Cell& cell, const Sequence& x, const Lengths& lengths, const StepContext& context,
           std::source_location where) {
  return unroll(cell, x, State{}, lengths, context, where);
}

}  // namespace ebb
