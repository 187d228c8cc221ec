#pragma once
#include <ebb/autograd/node.hpp>
#include <memory>
#include <new>
#include <vector>

namespace ebb::detail {

/// The nodes of one tape and the memory of what ops hold besides. Nodes stand in chunks, so that their addresses stay
/// while others are made; they are numbered from one in the order of their making, and 0 is the empty node that an op
/// names in the place of an input it does not need. Attributes and long lists of inputs come from an arena that only
/// grows. All memory is kept for the next tape, until give_back.
class NodeStore {
 public:
  NodeStore() { add_chunk(); }

  Node& operator[](std::uint32_t id) { return chunks_[id >> chunk_bits][id & chunk_mask]; }
  std::uint32_t top() const { return top_; }  ///< highest number in use

  /// A node behind all others: the graph's own are numbered in the order of their making.
  std::uint32_t append() {
    const std::uint32_t id = top_ + 1;
    if ((id >> chunk_bits) >= chunks_.size()) add_chunk();
    top_ = id;
    new (&(*this)[id]) Node;  // what a tape before left there holds nothing any more
    return id;
  }
  /// A node with any number, for a value outside the graph.
  std::uint32_t take() {
    if (free_ == 0) return append();
    const std::uint32_t id = free_;
    Node& n = (*this)[id];
    free_ = n.few[0];
    n.few[0] = 0;
    return id;
  }
  /// Back from whoever took it; it must be outside the graph.
  void recycle(std::uint32_t id) noexcept {
    Node& n = (*this)[id];
    n = Node{};
    n.few[0] = free_;
    free_ = id;
  }

  /// Memory that lasts as long as the nodes, aligned to 16 bytes.
  void* arena(std::size_t bytes) {
    bytes = (bytes + 15) / 16 * 16;
    if (blocks_.empty() || used_ + bytes > block_bytes) return next_block(bytes);
    void* p = blocks_[block_].get() + used_;
    used_ += bytes;
    return p;
  }

  /// Ends all nodes and what their ops hold; keeps the memory.
  void clear() noexcept;
  std::size_t bytes_used() const;  ///< of chunks and blocks that hold something
  /// Frees unused chunks and blocks until at most this much is held. Returns the bytes that were freed.
  std::size_t give_back(std::size_t most) noexcept;

 private:
  static constexpr unsigned chunk_bits = 10, chunk_nodes = 1u << chunk_bits, chunk_mask = chunk_nodes - 1;
  static constexpr std::size_t chunk_bytes = chunk_nodes * sizeof(Node), block_bytes = 64 * 1024;
  void add_chunk() { chunks_.push_back(std::unique_ptr<Node[]>(new Node[chunk_nodes])); }
  void* next_block(std::size_t bytes);

  std::vector<std::unique_ptr<Node[]>> chunks_;
  std::uint32_t top_ = 0;
  std::uint32_t free_ = 0;  // first of the nodes to be used again, linked through few[0]
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::size_t block_ = 0, used_ = 0;  // the block in use, and its bytes in use
  std::vector<Array> large_;          // what is larger than a block
};

}  // namespace ebb::detail
