#include <ebb/autograd/node_store.hpp>

#include <algorithm>

namespace ebb::detail {

void* NodeStore::next_block(std::size_t bytes) {
  if (bytes > block_bytes) {  // such as the inputs of a stack of very many steps
    large_.push_back(Array::empty({static_cast<int>(bytes / sizeof(float))}, f32));
    return large_.back().raw();
  }
  if (!blocks_.empty()) ++block_;
  if (block_ == blocks_.size()) blocks_.push_back(std::unique_ptr<char[]>(new char[block_bytes]));
  used_ = bytes;
  return blocks_[block_].get();
}

[[gnu::noinline]] void NodeStore::recycle(std::uint32_t id) noexcept {
  Node& n = (*this)[id];
  n = Node{};
  n.few[0] = free_;
  free_ = id;
}

void NodeStore::clear() noexcept {
  for (std::uint32_t id = 1; id <= top_; ++id) {
    Node& n = (*this)[id];
    if (n.attributes && n.op && n.op->destroy) n.op->destroy(n.attributes);
    n.value.reset();
    n.grad.reset();
  }
  top_ = free_ = 0;
  block_ = used_ = 0;
  large_.clear();
}

std::size_t NodeStore::bytes_used() const {
  const std::size_t blocks = blocks_.empty() ? 0 : block_ + 1;
  return ((top_ >> chunk_bits) + std::size_t{1}) * chunk_bytes + blocks * block_bytes;
}

std::size_t NodeStore::give_back(std::size_t most) noexcept {
  const auto held = [&] { return chunks_.size() * chunk_bytes + blocks_.size() * block_bytes; };
  const std::size_t before = held();
  while (held() > most && blocks_.size() > block_ + 1 && blocks_.size() * block_bytes > most / 8) blocks_.pop_back();
  while (held() > most && chunks_.size() > (top_ >> chunk_bits) + 1) chunks_.pop_back();
  return before - held();
}

}  // namespace ebb::detail
