#pragma once
#include <cstdint>
#include <ebb/autograd/functions.hpp>
#include <ebb/autograd/grads.hpp>

namespace ebb {

struct TapeOptions {
  DType dtype = f32;  ///< of all values on the tape; inputs are converted
  int order = 1;      ///< highest order of differentiation, declared before recording
};

struct TapeStats {
  std::int64_t nodes = 0;       ///< recorded nodes
  std::int64_t kept_bytes = 0;  ///< bytes of values on the tape now
  std::int64_t peak_bytes = 0;  ///< maximum bytes of values and adjoints at any time
};

/// Records its thread's computations during its lifetime, as the innermost tape. An append-only list of nodes; a sweep
/// is one loop from the end. docs/how-it-works.md builds a small tape; for this one start at tape_impl.hpp.
///
/// Threads   A tape and its Vars may be used only on the thread that created them; any thread may destroy the Tape
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

  /// Gradients of a scalar with respect to every leaf it depends on, every `variable` and every retained Var. The graph
  /// is freed during the sweep unless retain_graph is true.
  ///
  /// Errors    ShapeError unless loss has exactly one element; TapeError if a parameter was edited since it was used
  Grads backward(const Var& loss, bool retain_graph = false);
  TapeStats stats() const;
  DType dtype() const;
  int order() const;

 private:
  detail::TapeImpl* impl_;
};

/// Makes the next backward keep the gradient of v, g[v]. Returns v.
Var retain(const Var& v);

/// Disables recording in its scope; the tape recycles its nodes.
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

/// `for (int t : steps(T))` sets the tape's time step, for error messages and masks, within the loop.
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
  std::uint32_t tape_ = 0;  // the innermost tape when the loop began, and its time
  int before_ = -1;
};

}  // namespace ebb
