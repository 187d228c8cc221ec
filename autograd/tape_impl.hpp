#pragma once
#include <atomic>
#include <ebb/autograd/engine.hpp>
#include <ebb/autograd/leaf_table.hpp>
#include <ebb/autograd/node_store.hpp>
#include <ebb/autograd/packs.hpp>
#include <ebb/autograd/probe.hpp>
#include <ebb/autograd/sweep.hpp>
#include <ebb/autograd/tape.hpp>
#include <string>
#include <utility>
#include <vector>

namespace ebb::detail {

/// The implementation of Tape: records ops as nodes, and owns the other parts: NodeStore (nodes and their memory),
/// LeafTable (parameters), PackTable (packed operands), Sweep (gradients). open_tapes.cpp manages a thread's tapes.
///
/// A value lives as long as a handle refers to it or a recorded backward reads it. A node that no recorded op reads is
/// recycled when its last handle is destroyed, so computations without gradient leave nothing behind.
class TapeImpl {
 public:
  // The tapes of this thread (open_tapes.cpp).
  static TapeImpl* innermost() { return innermost_; }    ///< null if there is none
  static TapeImpl& current(const char* who = nullptr) {  ///< TapeError if there is none
    TapeImpl* t = innermost_;
    return t && t->epoch() != 0 ? *t : search(who);
  }
  static TapeImpl* find(std::uint32_t epoch) {  ///< if it is live on this thread, else null
    for (TapeImpl* t = innermost_; t; t = t->outer_)
      if (t->epoch() == epoch) return t;
    return nullptr;
  }
  static TapeImpl* open(TapeOptions);
  static void close(TapeImpl*) noexcept;  ///< on any thread
  /// For a Var whose tape is not on this thread. Errors: TapeError if it is on another
  static void check_elsewhere(std::uint32_t epoch, const std::string& who = {});
  /// TapeError with the reason why `who`, null for a member of Var, cannot use this Var.
  [[noreturn]] static void reject(const Var&, const char* who = nullptr);

  // Nodes and values.
  Node& node(std::uint32_t id) { return nodes_[id]; }
  Node& node(const Var& v, const char* who = "value") {  ///< TapeError if v is empty or of a dead or other tape
    if (v.epoch() != epoch()) reject(v, who);
    return nodes_[v.node()];
  }
  const Array& value(std::uint32_t id) {  ///< computes lazy ones; an empty array for id 0
    Node& n = nodes_[id];
    if (n.lazy && !n.value) make_lazy(n);
    return n.value;
  }
  Var handle(std::uint32_t id) {  ///< another handle to an existing node
    if (id == 0) return {};
    ++nodes_[id].handles;
    return {id, epoch()};
  }
  void release_handle(std::uint32_t id) noexcept;
  std::uint32_t top() const { return nodes_.top(); }  ///< highest node in use

  // Recording.
  /// A value outside the graph.
  Var push(Array&& value, const std::source_location&);
  /// A value in the graph without inputs.
  Var input(Array value, bool requires_grad, const std::source_location&);
  /// A value in the graph: op(inputs). `attributes` are the op's, allocated in `arena`.
  Var record(const OpTable&, void* attributes, const Var* inputs, int count, Array&& value, const Shape&,
             const std::source_location&);
  Var number(double);  ///< a constant of rank 0, created once
  void* arena(std::size_t bytes) { return nodes_.arena(bytes); }
  bool recording() const { return recording_; }
  bool set_recording(bool on) { return std::exchange(recording_, on); }  ///< returns the previous value
  bool any_requires(const Var* inputs, int count);                       ///< whether the op must be recorded
  void require_order(const OpTable&, const std::source_location&) const;

  /// As Tape::backward, but with gaps, which a sum over shards leaves out.
  Grads backward(const Var& loss, bool retain_graph);

  // The tape's options and current settings.
  DType dtype() const { return dtype_; }
  int order() const { return order_; }
  Array convert(const Array& a) const { return a.to(dtype_); }
  std::uint32_t epoch() const { return epoch_.load(std::memory_order_relaxed); }  ///< 0 after it was closed
  int time() const { return time_; }
  void set_time(int t) { time_ = t; }
  TapeStats stats() const;
  Probe* probe() const { return probe_; }  ///< observes recording and sweeps; or null
  void set_probe(Probe* p) { probe_ = p; }

  // The parts.
  LeafTable& leaves() { return leaves_; }
  PackTable& packs() { return packs_; }
  Sweep& sweep() { return sweep_; }

 private:
  enum class Owner { thread, nobody, closed_elsewhere };
  TapeImpl() = default;
  static TapeImpl& search(const char* who);
  static void collect_closed() noexcept;
  static void shelve(TapeImpl*) noexcept;
  void unlink() noexcept;
  void reset() noexcept;
  Var make(Node&, std::uint32_t id, Array&& value, const Shape&, const std::source_location&);
  void make_lazy(Node&);

  friend struct ThreadTapes;
  friend class Scratch;
  // Initial-exec: accessed without a function call, even in position-independent code.
  [[gnu::tls_model("initial-exec")]] static inline constinit thread_local TapeImpl* innermost_ = nullptr;
  TapeImpl* outer_ = nullptr;
  std::atomic<std::uint32_t> epoch_ = 0;
  std::atomic<Owner> owner_ = Owner::thread;

  DType dtype_ = f32;
  int order_ = 1;
  int time_ = -1;
  bool recording_ = true;
  Probe* probe_ = nullptr;
  std::int64_t recorded_nodes_ = 0;
  std::size_t bytes_at_start_ = 0;
  NodeStore nodes_;
  PackTable packs_{*this};
  LeafTable leaves_{*this};
  Sweep sweep_{*this};
  struct Number {
    double x;
    Var v;
  };
  std::vector<Number> numbers_;
};

inline bool Sweep::wants(std::uint32_t id) const {
  return id != 0 && tape.node(id).requires_grad && (marks_.empty() || marks_[id]);
}

}  // namespace ebb::detail
