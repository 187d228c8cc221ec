#include <ebb/autograd/replay.hpp>

#include <algorithm>
#include <ebb/autograd/functions.hpp>
#include <ebb/autograd/tape_impl.hpp>

namespace ebb::detail {

bool Replay::wants(std::uint32_t id) const { return tape.sweep().wants(id); }

void Replay::add(std::uint32_t id, Var contribution) {
  const Shape& wanted = tape.node(id).shape;
  if (!(contribution.shape() == wanted)) {
    const bool wider = contribution.rank() > wanted.rank() || contribution.shape().size() > wanted.size();
    contribution = wider ? sum_to(std::move(contribution), wanted) : broadcast_to(std::move(contribution), wanted);
  }
  adjoint_[id] = adjoint_[id] ? adjoint_[id] + contribution : contribution;
}

std::vector<Var> Replay::run(TapeImpl& t, std::uint32_t root, const Var& seed, const std::vector<Var>& wrt) {
  Replay r(t, root);
  r.adjoint_[root] = seed;
  std::vector<Var> entering(wrt.size());  // adjoints of states, as found at the ends of their steps
  std::vector<std::uint32_t> ends;
  for (const Var& v : wrt) ends.push_back(v.node() <= root ? std::min(root, t.sweep().step_ends().of(v.node())) : 0);
  for (std::uint32_t id = root; id >= 1; --id) {
    for (std::size_t k = 0; k < wrt.size(); ++k)
      if (ends[k] == id) entering[k] = r.adjoint_[wrt[k].node()];
    if (!r.adjoint_[id] || !r.wants(id) || !t.node(id).op) continue;
    t.node(id).op->replay(r, id);
    const bool asked = std::any_of(wrt.begin(), wrt.end(), [&](const Var& v) { return v.node() == id; });
    if (!asked) r.adjoint_[id] = Var();
  }
  std::vector<Var> out;
  for (std::size_t k = 0; k < wrt.size(); ++k) {
    const std::uint32_t id = wrt[k].node();
    const Var& g = id > root || ends[k] != 0 ? entering[k] : r.adjoint_[id];
    out.push_back(g ? g : zeros(wrt[k].shape()));
  }
  return out;
}

}  // namespace ebb::detail
