#pragma once
#include <cstdint>
#include <ebb/autograd/functions.hpp>
#include <ebb/autograd/grads.hpp>

namespace ebb {

struct TapeOptions {
  DType dtype = f32;  ///< of every value on the tape; what enters is converted
  int order = 1;      ///< highest order of differentiation, declared before recording
};

struct TapeStats {
  std::int64_t nodes = 0;       ///< recorded nodes
  std::int64_t kept_bytes = 0;  ///< bytes of values alive on the tape now
  std::int64_t peak_bytes = 0;  ///< most bytes of values and adjoints alive at once
};

/// Records what is computed while it lives, on its own thread, as the innermost tape. An append-only list of nodes; the
/// sweep is one loop from the end. docs/how-it-works.md builds a small one; tape_impl.hpp is where this one begins.
///
/// Threads   A tape and its Vars are used on the thread that made them; any thread may destroy the Tape itself
///
///     Tape tape{{.dtype = f64, .order = 2}};
///     Var y = ...;
///     Grads g = tape.backward(sum(y));
class Tape {
 public:
  explicit Tape(TapeOptions = {});
  ~Tape();
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  /// Gradients of a scalar for every leaf it depends on, every `variable` and every retained Var. The graph is spent:
  /// what backward needed is freed as it goes, unless keep is true.
  ///
  /// Errors    ShapeError if loss is not a single number; TapeError if a parameter was edited since it was used
  Grads backward(const Var& loss, bool retain_graph = false);
  TapeStats stats() const;
  DType dtype() const;
  int order() const;

 private:
  detail::TapeImpl* impl_;
};

/// The gradient of v is kept by the next backward: g[v]. Returns v.
Var retain(const Var& v);

/// In its scope nothing is recorded and the tape recycles its nodes.
class NoGrad {
 public:
  NoGrad();
  ~NoGrad();
  NoGrad(const NoGrad&) = delete;
  NoGrad& operator=(const NoGrad&) = delete;

 private:
  std::uint32_t tape_;
  bool before_;
};

/// `for (int t : steps(T))` tells the tape the time step, for error messages and masks, until the loop is left.
class steps {
 public:
  explicit steps(int count) : steps(0, count) {}
  steps(int begin, int end);
  ~steps();
  steps(const steps&) = delete;
  steps& operator=(const steps&) = delete;
  class iterator {
   public:
    explicit iterator(int t) : t_(t) {}
    int operator*() const;
    void operator++() { ++t_; }
    bool operator!=(const iterator& o) const { return t_ != o.t_; }

   private:
    int t_;
  };
  iterator begin() const { return iterator{begin_}; }
  iterator end() const { return iterator{end_}; }

 private:
  int begin_, end_;
  std::uint32_t tape_ = 0;  // the innermost when the loop began, and the time there
  int before_ = -1;
};

}  // namespace ebb
