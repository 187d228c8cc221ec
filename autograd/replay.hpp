#pragma once
#include <ebb/autograd/node.hpp>
#include <vector>

namespace ebb::detail {

class TapeImpl;

/// The recorded sweep: adjoints are Vars on the same tape, so that the gradient can be differentiated.
class Replay {
 public:
  Replay(TapeImpl& t, std::uint32_t root) : tape(t), adjoint_(root + 1) {}
  const Var& adjoint(std::uint32_t id) const { return adjoint_[id]; }
  bool wants(std::uint32_t id) const;            ///< whether this input needs a gradient
  void add(std::uint32_t id, Var contribution);  ///< sums over broadcast axes
  TapeImpl& tape;

  /// The adjoints of `wrt`, from that of node `root`.
  static std::vector<Var> run(TapeImpl&, std::uint32_t root, const Var& seed, const std::vector<Var>& wrt);

 private:
  std::vector<Var> adjoint_;  // per node, until it has been visited
};

}  // namespace ebb::detail
