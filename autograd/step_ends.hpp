#pragma once
#include <ebb/autograd/var.hpp>
#include <unordered_map>
#include <vector>

namespace ebb::detail {

class TapeImpl;

/// The gradient with respect to a state is that of the state entering the next step, with fields as independent
/// coordinates. Uses within the step itself (h' = o * tanh(c')) do not contribute, since whether they pass through the
/// node of c' depends on how the step is written: with `fuse` they do not.
///
/// All uses of the state after its step have higher ids than the step's last node. So when a sweep, which runs from the
/// end, reaches that node, the state's adjoint is the requested one and is set aside.
///
/// Cost      one comparison per node; nothing is copied unless the step itself adds to the adjoint
class StepEnds {
 public:
  /// `node` is a field of the state returned by a step whose last node is `end`.
  void add(std::uint32_t node, std::uint32_t end) { end_of_.insert_or_assign(node, end); }
  std::uint32_t of(std::uint32_t node) const;  ///< 0 if it is not a state
  void clear() noexcept;

  // During one sweep:
  void begin_sweep(TapeImpl&, std::uint32_t root);  ///< looks up retained states
  bool reached(std::uint32_t id) const { return next_ >= id; }
  void put_aside(TapeImpl&);
  void end_sweep(TapeImpl&);   ///< moves the adjoints set aside back to the nodes
  void drop_sweep() noexcept;  ///< after an exception

 private:
  struct Asked {
    std::uint32_t end, node;
  };
  std::unordered_map<std::uint32_t, std::uint32_t> end_of_;
  std::vector<Asked> asked_;  // of this sweep, from the end
  std::vector<Array> aside_;
  std::uint32_t next_ = 0;  // end of the next one; 0 after the last
};

/// The last node of the current tape so far.
std::uint32_t step_end();
/// From now on the gradient of v, in retain, grad and vjp, is the part from nodes after `end`.
void set_step_end(const Var& v, std::uint32_t end);

}  // namespace ebb::detail
