#pragma once
#include <ebb/autograd/deferred.hpp>
#include <ebb/autograd/leaf.hpp>
#include <ebb/autograd/node.hpp>
#include <ebb/autograd/packs.hpp>
#include <ebb/autograd/pass.hpp>
#include <ebb/autograd/probe.hpp>
#include <ebb/autograd/step_ends.hpp>
#include <ebb/autograd/tape.hpp>
#include <ebb/ops/pool_allocator.hpp>
#include <array>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace ebb::detail {

/// The tape behind Tape: nodes in chunks (addresses stay), attributes in a bump arena, both kept for the next tape of
/// the thread. A node that no recorded op reads is recycled as soon as its last handle goes.
class TapeImpl {
 public:
  static TapeImpl* innermost() { return innermost_; }       ///< null if none is live
  static TapeImpl& current(const char* who = nullptr) {     ///< TapeError if none is live
    if (!innermost_) refuse_none(who);
    return *innermost_;
  }
  static TapeImpl* find(std::uint32_t epoch) {              ///< live on this thread, else null
    for (TapeImpl* t = innermost_; t; t = t->outer)
      if (t->epoch == epoch) return t;
    return nullptr;
  }
  static TapeImpl* open(TapeOptions);
  static void close(TapeImpl*);

  Node& node(std::uint32_t id) { return chunks_[id >> chunk_bits][id & chunk_mask]; }
  Node& node(const Var& v, const char* who = "value") {     ///< TapeError if v is empty, dead, or of another tape
    if (v.epoch() != epoch) refuse(v, who);
    return node(v.node());
  }
  const Array& value(std::uint32_t id) {                    ///< makes lazy ones; an empty array for id 0
    Node& n = node(id);
    if (n.lazy && !n.value) make_lazy(n);
    return n.value;
  }
  Var handle(std::uint32_t id);                             ///< another handle to an existing node

  /// A value outside the graph.
  Var push(Array value, const std::source_location&);
  /// A value in the graph: op(inputs). `attributes` was made by `emplace`.
  Var record(const OpTable&, void* attributes, const Var* inputs, int count, Array value, const Shape&,
             const std::source_location&);
  bool recording() const { return recording_; }
  bool any_requires(const Var* inputs, int count);
  void require_order(const OpTable&, const std::source_location&) const;
  void* arena(std::size_t bytes);

  Var number(double);                                       ///< a constant of rank 0, made once
  Var leaf(const Leaf&, const std::source_location&);       ///< what the parameter stands for, its transforms done
  Var raw_leaf(const Leaf&, const std::source_location&);   ///< its own numbers
  Var variable(const Array&, const std::source_location&);  ///< in the graph, without inputs
  TapeStats stats() const;
  Array convert(const Array& a) const { return a.to(dtype); }

  // ---- sweep
  bool wants(std::uint32_t id) { return id != 0 && node(id).requires_grad && (marks_.empty() || marks_[id]); }
  void accumulate(std::uint32_t id, Array contribution);    ///< forwards the pointer if it is the first
  /// Writable adjoint of a node, copied if others hold its memory; fresh: nothing is in it yet, overwrite it. A view's is its
  /// part of the parent's, made in `part`, so that slices of a sequence cost no copies of the whole.
  Array& adjoint(std::uint32_t id, bool& fresh, Array& part);
  void sweep_from(std::uint32_t root, Array seed, bool free_values);
  void mark_paths(std::uint32_t root, const std::vector<Var>& from);
  void clear_adjoints();
  void check_versions();
  /// Gives leaves their places in the flat gradients, so that what reaches them is written there at once.
  Grads place_leaves();
  void collect(Grads&);

  TapeImpl();
  ~TapeImpl();
  /// node `id` as op(b), packed if it pays for one more product with `rows` rows on the left; null if it does not.
  const Pack* packed(std::uint32_t id, Trans tb, std::int64_t rows);
  void release_pack(Node&) noexcept;
  Deferred deferred{*this};
  StepEnds step_ends;

  void release_handle(std::uint32_t id) noexcept;

  DType dtype = f32;
  int order = 1;
  std::uint32_t epoch = 0;
  std::uint32_t top = 0;                                    ///< highest node in use
  std::uint32_t spent = 0;                                  ///< nodes up to here gave their values up to a backward
  int time = -1;
  bool recording_ = true;
  bool sweeping = false;
  bool freeing = false;                                     ///< the sweep under way spends the graph
  std::size_t bytes_at_start = 0;
  TapeImpl* outer = nullptr;
  std::int64_t recorded_nodes = 0;
  bool tracing = false;                                     ///< look for the first value that is not finite
  std::string* trace_found = nullptr;
  Probe* probe = nullptr;                                   ///< sees what is recorded

 private:
  static constexpr unsigned chunk_bits = 10, chunk_mask = (1u << chunk_bits) - 1;
  std::uint32_t fresh_node();
  std::uint32_t recycled_node();
  Var make(std::uint32_t id, Array value, const Shape&, const std::source_location&);
  Array& zero_adjoint(std::uint32_t id, Array& part);
  [[noreturn]] static void refuse_none(const char* who);
  [[noreturn]] void refuse(const Var&, const char* who) const;
  void make_lazy(Node&);

  // Initial-exec: read without a call, also from position-independent code.
  [[gnu::tls_model("initial-exec")]] static inline constinit thread_local TapeImpl* innermost_ = nullptr;
  void trace(std::uint32_t id, const Array& value, const char* what);
  void reset();

  std::vector<Node*> chunks_;
  std::vector<std::uint32_t> free_;
  std::vector<char*> blocks_;
  std::size_t block_ = 0, used_ = 0;
  std::vector<Array> large_;                                // what is larger than a block
  struct Number { double x; Var v; };
  std::vector<Number> numbers_;
  struct UsedSet { LeafSet set; std::uint64_t version; };   // held: its leaves may not die before the tape
  std::vector<UsedSet> used_sets_;
  struct LeafVar { Var v; std::uint64_t version = 0; };
  std::unordered_map<std::uint64_t, LeafVar, std::hash<std::uint64_t>, std::equal_to<>,
                     PoolAllocator<std::pair<const std::uint64_t, LeafVar>>> leaves_;
  std::vector<std::uint32_t> leaf_nodes_;
  struct TransformedLeaf { std::uint32_t raw; bool recorded; Var v; };
  std::vector<TransformedLeaf> transformed_;

 public:
  Pass transform_at;                                        ///< what transforms are told; evaluation unless a backward says more

 private:
  struct FoundLeaf { std::uint64_t key = 0, version = 0; std::uint32_t id = 0; };
  std::array<FoundLeaf, 32> found_;                         // before the map: a cell asks for the same few at each step
  std::vector<char> marks_;
  std::vector<Packs> packs_;
  std::vector<std::uint32_t> free_packs_;
};

/// Where a value was written: " (my_cell.cpp:31, time step 7)".
std::string origin_of(const Var&);

/// The recorded sweep: adjoints are Vars, so the gradient is itself on the tape.
class Replay {
 public:
  explicit Replay(TapeImpl& t, std::uint32_t root) : tape(t), adjoint_(root + 1) {}
  const Var& adjoint(std::uint32_t id) const { return adjoint_[id]; }
  void add(std::uint32_t id, Var contribution);
  TapeImpl& tape;

 private:
  friend std::vector<Var> replay(TapeImpl&, std::uint32_t, const Var&, const std::vector<Var>&);
  std::vector<Var> adjoint_;
};

/// A value replaced while it lives; a thread's list of them is handed on to its shards.
struct Binding {
  Binding(const Leaf&, const Shape&, Var, Array, bool transformed);
  Binding(const Binding&) = delete;
  Binding& operator=(const Binding&) = delete;
  ~Binding();
  const LeafData* leaf;
  Var var;
  Array array;
  bool transformed;         // what the transforms made, for all shards; else it stands for the parameter's own numbers
  Binding* outer;
  std::uint64_t serial;     // odd and never used twice: what a tape knows it by, since a pointer may come back
  std::mutex packing;       // guards pack: of `array` and its transpose, if it is transformed, for all shards
  Pack pack[2];
};
Binding*& bindings();
Binding* binding_of(const LeafData*);

}  // namespace ebb::detail
