#pragma once
#include <ebb/autograd/var.hpp>

/// A node of the tape, and the table of functions by which the sweeps call an op. Internal: op.hpp is for users.
namespace ebb::detail {

struct LeafData;
class Sweep;
class Replay;

/// What an op's backward reads. What it does not name, the tape does not keep.
enum Needs : unsigned { need_nothing = 0, need_inputs = 1, need_output = 2 };

struct OpTable {
  const char* name;
  unsigned needs;
  bool higher;                                  ///< the gradient can be recorded and differentiated again
  void (*sweep)(Sweep&, std::uint32_t node);    ///< first order, on arrays
  void (*replay)(Replay&, std::uint32_t node);  ///< recorded, on Vars
  void (*destroy)(void* op);                    ///< of the op's attributes, null if trivial
  /// For views: the part of the parent's adjoint that is this node's own; null for other ops.
  Array (*place)(const void* op, const Array& parent_adjoint) = nullptr;
};

/// Three lines of the cache: long tapes are read from memory.
struct alignas(64) Node {
  Array value;                  ///< empty once nobody needs it
  Array grad;                   ///< adjoint, during a sweep
  const OpTable* op = nullptr;  ///< null: a constant, a variable or a leaf
  void* attributes = nullptr;   ///< the op's own data, in the tape's arena
  LeafData* leaf = nullptr;
  const char* file = nullptr;
  std::uint32_t line = 0;
  std::uint32_t handles = 0;  ///< Vars that name this node
  union {
    std::uint32_t few[4] = {};  ///< inputs; of a node that waits to be used again, the next one that does
    std::uint32_t* many;        ///< if there are more, in the tape's arena
    std::uint64_t version;      ///< of a leaf, which has none: its set's when the numbers were read
  };
  int input_count = 0;
  int time = -1;
  std::uint32_t pack = 0;   ///< place in the tape's list of packs, counted from one
  std::uint32_t group = 0;  ///< place in the tape's list of deferred gradients, counted from one
  Shape shape;
  bool requires_grad : 1 = false;
  bool recorded : 1 = false;  ///< stands in the graph: never recycled before the tape ends
  bool keep : 1 = false;      ///< a recorded backward reads the value
  bool retained : 1 = false;
  bool lazy : 1 = false;     ///< value is made when first read (transpose)
  bool bound : 1 = false;    ///< a leaf whose numbers were replaced by Bind
  bool in_flat : 1 = false;  ///< a leaf whose grad is its place in the flat gradient

  const std::uint32_t* inputs() const { return input_count > 4 ? many : few; }
  /// A view whose adjoint is a part of its parent's, and so is not held here.
  bool in_parent() const { return op && op->place && !retained; }
};

static_assert(sizeof(Node) == 192);

}  // namespace ebb::detail
