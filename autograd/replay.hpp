#pragma once
#include <ebb/autograd/node.hpp>
#include <vector>

namespace ebb::detail {

class TapeImpl;

/// The recorded sweep: adjoints are Vars on the same tape, so that the gradient can be differentiated again.
class Replay {
 public:
  Replay(TapeImpl& t, std::uint32_t root) : tape(t), adjoint_(root + 1) {}
  const Var& adjoint(std::uint32_t id) const { return adjoint_[id]; }
  bool wants(std::uint32_t id) const;            ///< a gradient for this input is needed
  void add(std::uint32_t id, Var contribution);  ///< broadcast axes are summed away
  TapeImpl& tape;

  /// The adjoints of `wrt`, from that of node `root`.
  static std::vector<Var> run(TapeImpl&, std::uint32_t root, const Var& seed, const std::vector<Var>& wrt);

 private:
  std::vector<Var> adjoint_;  // of each node that has one, until the node has been visited
};

}  // namespace ebb::detail
