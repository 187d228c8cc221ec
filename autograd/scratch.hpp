#pragma once
#include <ebb/autograd/tape_impl.hpp>

namespace ebb::detail {

/// Removes, at its end, the nodes that were recorded while it lived: a part of the graph that a sweep records again, to
/// sweep it at once. They follow all other nodes of the tape, and their gradients are added to the same adjoints, in
/// the order in which they would be if the part had been kept. No Var of such a node may outlive it.
class Scratch {
 public:
  explicit Scratch(TapeImpl&);
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  /// Sweeps the nodes above `id`, from the last one that was not swept yet. After the first call nothing may be
  /// recorded.
  /// Errors    TapeError if a parameter is used that the tape did not use before
  void sweep_to(std::uint32_t id);
  /// The adjoint of a node without an op, once all that use it were swept; empty if there is none.
  Array adjoint(std::uint32_t id);

 private:
  void begin_sweep();

  TapeImpl& tape_;
  const std::uint32_t top_, free_;  // of the nodes before
  const std::size_t block_, used_, large_, ends_, marks_;
  const std::int64_t recorded_;
  std::uint32_t next_ = 0;  // the last node that was not swept; 0: none was
};

}  // namespace ebb::detail
