#pragma once
#include <ebb/autograd/var.hpp>
#include <unordered_map>
#include <vector>

namespace ebb::detail {

class TapeImpl;

/// The gradient with respect to a state is that of the state which enters the next step, each field an independent
/// coordinate. What a step did with its own result (h' = o * tanh(c')) is no part of it, for how much of that passes
/// through the node of c' depends on how the step is written: with `fuse` nothing does.
///
/// All uses of the state after its step stand behind the step's last node. So when a sweep, which comes from the end,
/// reaches that node, the adjoint of the state is the one that is asked for, and is put aside.
///
/// Cost      one comparison a node; nothing is copied unless the step itself adds to the adjoint
class StepEnds {
 public:
  /// `node` is a field of the state that a step returned; the step's last node is `end`.
  void add(std::uint32_t node, std::uint32_t end) { end_of_.insert_or_assign(node, end); }
  std::uint32_t of(std::uint32_t node) const;  ///< 0 if it is no state's
  void clear() noexcept;

  // ---- one sweep
  void begin_sweep(TapeImpl&, std::uint32_t root);  ///< looks up the retained ones
  bool reached(std::uint32_t id) const { return next_ >= id; }
  void put_aside(TapeImpl&);
  void end_sweep(TapeImpl&);   ///< gives what was put aside back to the nodes
  void drop_sweep() noexcept;  ///< after an exception

 private:
  struct Asked {
    std::uint32_t end, node;
  };
  std::unordered_map<std::uint32_t, std::uint32_t> end_of_;
  std::vector<Asked> asked_;  // the sweep's, from the end
  std::vector<Array> aside_;
  std::uint32_t next_ = 0;  // end of the next one; 0, which no node has, behind the last
};

/// The last node so far of the current tape.
std::uint32_t step_end();
/// From now on the gradient of v, in retain, grad and vjp, is what reaches it from behind `end`.
void set_step_end(const Var& v, std::uint32_t end);

}  // namespace ebb::detail
