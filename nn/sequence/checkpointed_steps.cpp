#include <algorithm>
#include <cstring>
#include <ebb/autograd/tape.hpp>
#include <ebb/nn/sequence/checkpointed_steps.hpp>
#include <ebb/ops/error.hpp>

namespace ebb::detail {

namespace {

/// In their own memory: a state may be a part of a larger value.
PoolVector<Array> copies_of(const State& s) {
  PoolVector<Array> all;
  for (int f = 0; f < s.size(); ++f) all.push_back(s[f].value().copy());
  return all;
}

template <class F> State state_of(const Cell& cell, const F& field) {
  State s(cell.field_names(), cell.field_count());
  for (int f = 0; f < s.size(); ++f) s[f] = field(f);
  return s;
}

bool equal_bits(const Array& a, const Array& b) {
  const Array x = a.compact(), y = b.compact();
  return x.shape() == y.shape() && std::memcmp(x.raw(), y.raw(), x.bytes()) == 0;
}

}  // namespace

CheckpointedSteps::CheckpointedSteps(std::unique_ptr<const RunSteps> run, CheckpointPlan plan, const Var& x,
                                     const State& initial, Reads reads, const WatchRun& watched)
    : steps_(std::move(run)), plan_(std::move(plan)) {
  const NoGrad off;
  State last = steps_->start(initial);
  auto next = plan_.kept().begin();
  for (int k : steps(plan_.recorded_from())) {
    if (next != plan_.kept().end() && *next == k) {
      kept_.push_back({k, copies_of(last)});
      ++next;
    }
    watched.step(steps_->rows(k));
    RunSteps::Made made = steps_->take(k, x, last, initial);
    note(k, made, reads);
    last = std::move(made.state);
  }
  end_ = copies_of(last);
}

void CheckpointedSteps::note(int k, const RunSteps::Made& made, Reads reads) {
  const bool ends = steps_->ends_rows(k), output = reads != Reads::last || ends,
             state = reads == Reads::states || ends || k + 1 == plan_.recorded_from();
  int same = -1;  // the field that is the output
  for (int f = made.state.size() - 1; f >= 0; --f)
    if (made.state[f].node() == made.output.node()) same = f;
  for (int f = -1; f < made.state.size(); ++f) {
    const bool as_output = output && f == same, as_state = state && f >= 0;
    if (as_output || as_state)
      returned_.push_back({k, f, as_output, as_state, (f < 0 ? made.output : made.state[f]).value().copy()});
  }
}

int CheckpointedSteps::first_of(int k) const {
  const auto at =
      std::lower_bound(returned_.begin(), returned_.end(), k, [](const Returned& r, int step) { return r.k < step; });
  return static_cast<int>(at - returned_.begin());
}

const Var& CheckpointedSteps::var_of(const Block& b, int returned) const {
  const Returned& r = returned_[static_cast<std::size_t>(returned)];
  const RunSteps::Made& made = b.made[static_cast<std::size_t>(r.k - b.begin)];
  return r.field < 0 ? made.output : made.state[r.field];
}

void CheckpointedSteps::again(TapeImpl& t, const PoolVector<Var>& inputs) {
  const int end = plan_.recorded_from();
  const State initial = state_of(steps_->cell(), [&](int f) { return inputs[static_cast<std::size_t>(f) + 1]; });
  Left left{end, t.sweep().frees() ? std::move(kept_) : kept_, end_, PoolVector<Array>(end_.size())};
  for (int r = first_of(end - 1); r < results(); ++r)
    if (const int f = returned_[static_cast<std::size_t>(r)].field; f >= 0)
      left.adjoint[static_cast<std::size_t>(f)] = adjoint(r);
  while (left.end > 0) sweep_block(t, inputs[0], initial, left);
}

/// The last steps that are left, as many as are recorded at once.
void CheckpointedSteps::sweep_block(TapeImpl& t, const Var& x, const State& initial, Left& left) const {
  Scratch scratch(t);
  Block b;
  b.end = left.end;
  {
    const Running as_before(*this, t, false);
    b.before = advance(b.begin, x, initial, left);
  }
  record(t, b, x, initial);
  check_same(b, left.expected);
  seed(t, b, left.adjoint);
  sweep(scratch, t, b);
  for (int f = 0; b.begin > 0 && f < b.before.size(); ++f) {
    left.expected[static_cast<std::size_t>(f)] = b.before[f].value();
    left.adjoint[static_cast<std::size_t>(f)] = scratch.adjoint(b.before[f].node());
  }
  if (!left.kept.empty() && left.kept.back().k == b.begin) left.kept.pop_back();
  left.end = b.begin;
}

/// Runs from the last state that is kept to the first step of the next block, k, and keeps states on the way.
State CheckpointedSteps::advance(int& k, const Var& x, const State& initial, Left& left) const {
  State last = steps_->start(initial);
  if (!left.kept.empty()) {
    const Kept& from = left.kept.back();
    last = state_of(steps_->cell(), [&](int f) { return constant(from.fields[static_cast<std::size_t>(f)]); });
    k = from.k;
  }
  while (left.end - k > plan_.block()) {
    const int free = plan_.states() - static_cast<int>(left.kept.size()), to = plan_.next(k, left.end, free);
    for (; k < to; ++k) last = steps_->take(k, x, last, initial).state;
    if (free > 0) left.kept.push_back({k, copies_of(last)});
  }
  return last;
}

void CheckpointedSteps::record(TapeImpl& t, Block& b, const Var& x, const State& initial) const {
  const Running as_before(*this, t, true);
  if (b.begin > 0)
    for (int f = 0; f < b.before.size(); ++f)
      b.before[f] = t.input(b.before[f].value(), true, std::source_location::current());
  for (int k = b.begin; k < b.end; ++k) {
    b.tops.push_back(t.top());
    b.made.push_back(steps_->take(k, x, b.made.empty() ? b.before : b.made.back().state, initial));
  }
}

void CheckpointedSteps::check_same(const Block& b, const PoolVector<Array>& expected) const {
  for (std::size_t f = 0; f < expected.size(); ++f)
    if (!equal_bits(b.made.back().state[static_cast<int>(f)].value(), expected[f]))
      throw TapeError(
          "unroll " + std::string(steps_->cell().name()) + ": steps " + std::to_string(steps_->time(b.begin)) + " to " +
          std::to_string(steps_->time(b.end - 1)) +
          " returned another state when they were run again for the gradient: with checkpoints, a step must "
          "be a function of its arguments, with random numbers from its StepContext");
}

/// Adds the adjoints that came from outside before those from the steps, in the order of a graph that was kept.
void CheckpointedSteps::seed(TapeImpl& t, const Block& b, const PoolVector<Array>& adjoint_at_end) const {
  const auto add = [&](const Var& v, const Array& g) {
    if (g && v.requires_grad()) t.sweep().accumulate(v.node(), g);
  };
  for (int r = first_of(b.begin), last = first_of(b.end); r < last; ++r) {
    const Returned& of = returned_[static_cast<std::size_t>(r)];
    const Var& v = var_of(b, r);
    if (wanted(t, r) != Wanted::no && v.requires_grad()) t.node(v.node()).retained = true;
    if (of.field < 0 || of.k + 1 < b.end) add(v, adjoint(r));  // else it is part of the next
  }
  for (std::size_t f = 0; f < adjoint_at_end.size(); ++f)
    add(b.made.back().state[static_cast<int>(f)], adjoint_at_end[f]);
  if (b.begin == 0) return;
  for (int r = first_of(b.begin - 1), last = first_of(b.begin); r < last; ++r)
    if (const int f = returned_[static_cast<std::size_t>(r)].field; f >= 0) add(b.before[f], adjoint(r));
}

void CheckpointedSteps::sweep(Scratch& scratch, TapeImpl& t, const Block& b) const {
  bool any = false;
  for (int r = first_of(b.begin), last = first_of(b.end); r < last; ++r) any |= wanted(t, r) != Wanted::no;
  for (int k = b.end - 1; any && k >= b.begin; --k) {
    const auto i = static_cast<std::size_t>(k - b.begin);
    scratch.sweep_to(b.made[i].end);
    give_those(t, b, k, Wanted::at_end);
    scratch.sweep_to(b.tops[i]);
    give_those(t, b, k, Wanted::whole);
  }
  scratch.sweep_to(b.tops.front());
}

void CheckpointedSteps::give_those(TapeImpl& t, const Block& b, int k, Wanted which) const {
  for (int r = first_of(k), last = first_of(k + 1); r < last; ++r)
    if (const Var& v = var_of(b, r); wanted(t, r) == which) give(t, r, t.node(v.node()).grad);
}

}  // namespace ebb::detail
