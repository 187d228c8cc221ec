#pragma once
#include <ebb/autograd/var.hpp>

/// A node of the tape, and the function table through which the sweeps call an op. Internal; users include op.hpp.
namespace ebb::detail {

struct LeafData;
class Sweep;
class Replay;

/// What an op's backward reads; the tape does not keep anything else.
enum Needs : unsigned { need_nothing = 0, need_inputs = 1, need_output = 2 };

struct OpTable {
  const char* name;
  unsigned needs;
  bool higher;                                  ///< the gradient can be recorded and differentiated again
  void (*sweep)(Sweep&, std::uint32_t node);    ///< first order, on arrays
  void (*replay)(Replay&, std::uint32_t node);  ///< recorded, on Vars
  void (*destroy)(void* op);                    ///< destroys the op's attributes; null if trivial
  /// For views: this node's part of the parent's adjoint; null for other ops.
  Array (*place)(const void* op, const Array& parent_adjoint) = nullptr;
};

/// Three cache lines, since long tapes are read from memory.
struct alignas(64) Node {
  Array value;                  ///< empty when no longer needed
  Array grad;                   ///< adjoint, during a sweep
  const OpTable* op = nullptr;  ///< null: a constant, a variable or a leaf
  void* attributes = nullptr;   ///< the op's data, in the tape's arena; of a leaf in_flat, flags if its grad has gaps
  LeafData* leaf = nullptr;
  const char* file = nullptr;
  std::uint32_t line = 0;
  std::uint32_t handles = 0;  ///< number of Vars that refer to this node
  union {
    std::uint32_t few[4] = {};  ///< inputs; few[0] of a free node is the next free node
    std::uint32_t* many;        ///< more inputs than four, in the tape's arena
    std::uint64_t version;      ///< for a leaf, which has no inputs: its set's version when the values were read
  };
  int input_count = 0;
  int time = -1;
  std::uint32_t pack = 0;   ///< index in the tape's list of packs, from one
  std::uint32_t group = 0;  ///< index in the tape's list of deferred gradients, from one
  Shape shape;
  bool requires_grad : 1 = false;
  bool recorded : 1 = false;  ///< part of the graph: not recycled before the tape ends
  bool keep : 1 = false;      ///< a recorded backward reads the value
  bool retained : 1 = false;
  bool lazy : 1 = false;     ///< the value is computed when first read (transpose)
  bool bound : 1 = false;    ///< a leaf whose value was replaced by Bind
  bool in_flat : 1 = false;  ///< a leaf whose grad is part of the flat gradient

  const std::uint32_t* inputs() const { return input_count > 4 ? many : few; }
  /// A view whose adjoint is part of its parent's and not stored here.
  bool in_parent() const { return op && op->place && !retained; }
};

static_assert(sizeof(Node) == 192);

void close_gaps(Node& leaf);  ///< sets what its grad lacks to zero, if it is in_flat (gaps.cpp)

}  // namespace ebb::detail
