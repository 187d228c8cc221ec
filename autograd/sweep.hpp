#pragma once
#include <ebb/autograd/deferred.hpp>
#include <ebb/autograd/node.hpp>
#include <ebb/autograd/step_ends.hpp>
#include <vector>

namespace ebb {
class Grads;
}

namespace ebb::detail {

class TapeImpl;

/// The destination of a gradient: the node's own adjoint, or a view's part of its parent's. Release it after writing:
/// while a part is referenced, the tape copies the whole before writing to another part.
class Adjoint {
 public:
  Adjoint(Array& whole, bool holds_something) : accumulate(holds_something), whole_(&whole) {}
  explicit Adjoint(Array&& part) : accumulate(true), part_(static_cast<Array&&>(part)) {}
  Array& target() { return whole_ ? *whole_ : part_; }  ///< has the node's shape
  bool accumulate;                                      ///< add to the target; else overwrite all of it

 private:
  Array* whole_ = nullptr;
  Array part_;
};

/// The first-order sweep: one loop over the nodes from the end, in which each op computes the adjoints of its inputs
/// from that of its result. Nothing is recorded. Each adjoint is freed once its node has been visited, so memory for
/// adjoints does not grow with the tape's length. replay.hpp has the recorded sweep.
class Sweep {
 public:
  explicit Sweep(TapeImpl& t) : deferred(*this), tape(t) {}

  // Called by ops:
  /// Whether this input needs a gradient; if not, the op can skip it.
  bool wants(std::uint32_t id) const;
  /// Adds a computed contribution; the first one is forwarded by pointer.
  void accumulate(std::uint32_t id, Array contribution);
  /// Where the op writes its contribution: for a view, its part of the parent's adjoint, without a copy.
  Adjoint adjoint(std::uint32_t id);
  /// Gradients computed for many steps at once.
  Deferred deferred;
  TapeImpl& tape;
  bool running() const { return running_; }
  bool frees() const { return freeing_; }  ///< whether the sweep frees values, as the graph's last sweep

  // Called by the tape:
  /// Sweeps from node `root` with adjoint `seed`. Afterwards leaves, variables and retained nodes have their adjoints.
  /// Errors    exceptions of ops; the caller must then clear the adjoints
  void run(std::uint32_t root, Array seed, bool free_values);
  /// Whether a sweep has freed values that node `id` may need.
  bool freed(std::uint32_t id) const { return id <= freed_; }
  /// Moves into `g` the gradients of variables and retained Vars, and of leaves that are not in it yet, after a run
  /// from `root`; 0: without a run.
  void collect(Grads& g, std::uint32_t root);
  void clear_adjoints() noexcept;
  void clear() noexcept;
  StepEnds& step_ends() { return step_ends_; }

  /// In its scope only nodes on a path from one of `from` to `root` require a gradient. Its end clears all adjoints.
  class Paths {
   public:
    Paths(Sweep&, std::uint32_t root, const std::vector<Var>& from);
    ~Paths();
    Paths(const Paths&) = delete;
    Paths& operator=(const Paths&) = delete;

   private:
    Sweep& sweep_;
  };

 private:
  friend class Scratch;
  class Scope;
  void down(std::uint32_t from, std::uint32_t to);  // visits nodes down to the one above `to`
  void visit(std::uint32_t id);
  static Array& writable(Node& n);

  StepEnds step_ends_;               // adjoints requested at the end of a cell's step
  std::vector<char> marks_;          // nodes on the paths; empty: all
  std::vector<std::uint32_t> ends_;  // leaves, variables and retained nodes that the last run passed, from the end
  std::uint32_t freed_ = 0;          // values of nodes up to here may have been freed
  bool running_ = false, freeing_ = false;
};

}  // namespace ebb::detail
