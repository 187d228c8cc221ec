#pragma once
#include <ebb/autograd/node.hpp>
#include <memory>
#include <new>
#include <vector>

namespace ebb::detail {

/// The nodes of one tape, and the memory of ops' data. Nodes are stored in chunks, so that their addresses are stable;
/// ids start at one in the order of creation, and 0 is the empty node, which replaces inputs that an op does not need.
/// Attributes and long input lists are in an arena that only grows. Memory is kept for the next tape until give_back.
class NodeStore {
 public:
  NodeStore() { add_chunk(); }

  Node& operator[](std::uint32_t id) { return chunks_[id >> chunk_bits][id & chunk_mask]; }
  std::uint32_t top() const { return top_; }  ///< highest id in use

  /// A node with a higher id, top(), than all others: the graph's nodes are in the order of creation.
  Node& append() {
    const std::uint32_t id = top_ + 1;
    if ((id >> chunk_bits) >= chunks_.size()) add_chunk();
    top_ = id;
    return *new (&(*this)[id]) Node;  // a previous tape's node there was cleared
  }
  /// A node with any free id, for a value outside the graph.
  std::uint32_t take() {
    if (free_ == 0) {
      append();
      return top_;
    }
    const std::uint32_t id = free_;
    Node& n = (*this)[id];
    free_ = n.few[0];
    n.few[0] = 0;
    return id;
  }
  /// Returns a node from take; it must be outside the graph. Not inline: a handle's release would be slower.
  void recycle(std::uint32_t id) noexcept;

  /// Memory with the nodes' lifetime, aligned to 16 bytes.
  void* arena(std::size_t bytes) {
    bytes = (bytes + 15) / 16 * 16;
    if (blocks_.empty() || used_ + bytes > block_bytes) return next_block(bytes);
    void* p = blocks_[block_].get() + used_;
    used_ += bytes;
    return p;
  }

  /// Destroys all nodes and their ops' data; keeps the memory.
  void clear() noexcept;
  std::size_t bytes_used() const;  ///< of chunks and blocks in use
  /// Frees unused chunks and blocks until at most this much is left. Returns the number of bytes freed.
  std::size_t give_back(std::size_t most) noexcept;

 private:
  friend class Scratch;
  static constexpr unsigned chunk_bits = 10, chunk_nodes = 1u << chunk_bits, chunk_mask = chunk_nodes - 1;
  static constexpr std::size_t chunk_bytes = chunk_nodes * sizeof(Node), block_bytes = 64 * 1024;
  void add_chunk() { chunks_.push_back(std::unique_ptr<Node[]>(new Node[chunk_nodes])); }
  void* next_block(std::size_t bytes);

  std::vector<std::unique_ptr<Node[]>> chunks_;
  std::uint32_t top_ = 0;
  std::uint32_t free_ = 0;  // first free node, linked through few[0]
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::size_t block_ = 0, used_ = 0;  // current block, and bytes used in it
  std::vector<Array> large_;          // allocations larger than a block
};

}  // namespace ebb::detail
