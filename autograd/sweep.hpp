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

/// Where a gradient is to be written: the node's own adjoint, or a view's part of its parent's. Hold it no longer than
/// you write: while a part is held, the tape copies the whole before it writes elsewhere.
class Adjoint {
 public:
  Adjoint(Array& whole, bool holds_something) : accumulate(holds_something), whole_(&whole) {}
  explicit Adjoint(Array&& part) : accumulate(true), part_(static_cast<Array&&>(part)) {}
  Array& target() { return whole_ ? *whole_ : part_; }  ///< of the node's shape
  bool accumulate;                                      ///< add to what is there; else overwrite all of it

 private:
  Array* whole_ = nullptr;
  Array part_;
};

/// The first-order sweep: one loop over the nodes from the end, in which each op turns the adjoint of its result into
/// those of its inputs. Nothing is recorded. Each adjoint is freed as soon as its node has been visited, so that the
/// bytes alive do not grow with the length of the tape. replay.hpp has the sweep that is recorded.
class Sweep {
 public:
  explicit Sweep(TapeImpl& t) : deferred(*this), tape(t) {}

  // ---- what ops call
  /// A gradient for this input is needed: else the op may save itself the work.
  bool wants(std::uint32_t id) const;
  /// Adds a contribution that the op has already made; the first one is handed on by pointer.
  void accumulate(std::uint32_t id, Array contribution);
  /// Where the op can write its contribution itself; for a view, in its part of the parent's adjoint, without a copy.
  Adjoint adjoint(std::uint32_t id);
  /// What is better done for many steps at once.
  Deferred deferred;
  TapeImpl& tape;
  bool running() const { return running_; }
  bool frees() const { return freeing_; }  ///< values are freed on the way: this is the graph's last sweep

  // ---- what the tape calls
  /// From node `root`, whose adjoint is `seed`. Leaves, variables and retained nodes hold their adjoints afterwards.
  /// Errors    whatever an op throws; the caller clears the adjoints then
  void run(std::uint32_t root, Array seed, bool free_values);
  /// The sweep has freed values that node `id` may need.
  bool freed(std::uint32_t id) const { return id <= freed_; }
  /// Moves the gradients of variables and retained Vars into `g`, and those of leaves that have no place in it yet.
  void collect(Grads& g);
  void clear_adjoints() noexcept;
  void clear() noexcept;
  StepEnds& step_ends() { return step_ends_; }

  /// In its scope only nodes on a path from one of `from` to `root` want a gradient. At its end no adjoint is left.
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
  class Scope;
  void visit(std::uint32_t id);

  StepEnds step_ends_;       // which adjoints are asked for as they stand behind a step of a cell
  std::vector<char> marks_;  // of nodes on the paths; empty: all count
  std::uint32_t freed_ = 0;  // nodes up to here may have given up their values
  bool running_ = false, freeing_ = false;
};

}  // namespace ebb::detail
