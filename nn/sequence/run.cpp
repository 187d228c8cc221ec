#include <ebb/autograd/recomputed.hpp>
#include <ebb/autograd/step_ends.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/ops/error.hpp>

namespace ebb {

int Run::steps() const { return packing_ ? packing_.padded_steps() : static_cast<int>(outputs_.size()); }

void Run::check_read(Reads what, const char* name) const {
  if (reads_ < what)
    throw ValueError(std::string("run: ") + name +
                     " of a checkpointed run are kept only if its options name them: {.reads = Reads::" + name + "}");
}

Var Run::operator[](Index t) const {
  check_read(Reads::outputs, "outputs");
  if (t.number < 0 || t.number >= steps())
    throw ValueError("run: there is no step " + std::to_string(t.number) + "; the number of steps is " +
                     std::to_string(steps()));
  return packing_ ? all(t.where)[t] : outputs_[static_cast<std::size_t>(t.number)];
}

Var Run::last(std::source_location where) const {
  const CallSite here{where};
  if (none_) return zeros(none_.shape());
  if (outputs_.empty()) throw ValueError("run: there are no steps");
  if (!packing_) return reverse_ ? outputs_.front() : outputs_.back();
  const int none = packing_.rows() - packing_.alive(0);
  const Var& final = reverse_ ? outputs_.front() : outputs_.back();
  return ended(outputs_, none > 0 ? zeros(final.shape().with(0, packing_.rows())) : Var());
}

Var Run::all(std::source_location where) const {
  check_read(Reads::outputs, "outputs");
  if (!packing_) return stack(VarList(outputs_, where));
  if (!padded_) padded_ = unpack(packed(where), where).all();
  return padded_;
}

Packed Run::packed(std::source_location where) const {
  check_read(Reads::outputs, "outputs");
  const CallSite here{where};
  if (!packing_) throw ValueError("run: not packed, since no lengths were given");
  return {none_ ? range(none_, 0, 0) : concat(outputs_, 0), packing_};
}

/// Marks the end of step t on the tape, for the gradients of its state.
void Run::mark_state(int t) const {
  const State& s = reads_ == Reads::states ? states_[static_cast<std::size_t>(t)] : end_;
  for (int k = 0; k < s.size(); ++k)
    if (!detail::Recomputed::end_step(s[k])) detail::set_step_end(s[k], step_ends_[static_cast<std::size_t>(t)]);
}

const State& Run::end() const {
  if (outputs_.empty() && !packing_) throw ValueError("run: there are no steps");
  if (!packing_) mark_state(reverse_ ? 0 : steps() - 1);
  return end_;
}

/// Reorders rows from the packing's order to the batch's.
Var Run::upright(const Var& sorted) const { return gather(sorted, packing_.places()); }

/// Each row after its last step; rows without a step are taken from `never`.
Var Run::ended(const PoolVector<Var>& steps, const Var& never) const {
  const int B = packing_.rows(), first = packing_.alive(0);
  PoolVector<Var> parts;
  if (reverse_ && first > 0) {
    parts.push_back(steps.front());
  } else {
    for (int t = packing_.steps() - 1; t >= 0; --t) {
      const int staying = packing_.alive(t + 1), n = packing_.alive(t);
      if (staying < n) parts.push_back(range(steps[static_cast<std::size_t>(t)], staying, n));
    }
  }
  if (first < B) parts.push_back(range(never, first, B));
  return upright(parts.size() == 1 ? parts[0] : concat(parts, 0));
}

std::vector<Var> Run::states(const std::string& field, std::source_location where) const {
  check_read(Reads::states, "states");
  const CallSite here{where};
  std::vector<Var> list;
  if (states_.empty() && !packing_) return list;
  const int k = initial_.index(field.c_str());
  if (!packing_) {
    for (int t = 0; t < steps(); ++t) {
      mark_state(t);
      list.push_back(states_[static_cast<std::size_t>(t)][k]);
    }
    return list;
  }
  Var sorted = initial_[k];
  const int T = packing_.steps();
  for (int i = 0; i < T; ++i) {
    const int t = reverse_ ? T - 1 - i : i, n = packing_.alive(t);
    const Var& alive = states_[static_cast<std::size_t>(t)][k];
    sorted = n == packing_.rows() ? alive : concat({alive, range(sorted, n, packing_.rows())}, 0);
    list.push_back(upright(sorted));
  }
  if (reverse_) list = {list.rbegin(), list.rend()};
  for (int t = T; t < steps(); ++t) list.push_back(reverse_ || list.empty() ? upright(initial_[k]) : list.back());
  return list;
}

}  // namespace ebb
