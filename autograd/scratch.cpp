#include <ebb/autograd/scratch.hpp>

#include <ebb/autograd/leaf_data.hpp>
#include <ebb/ops/error.hpp>

namespace ebb::detail {

Scratch::Scratch(TapeImpl& t)
    : tape_(t), top_(t.nodes_.top_), free_(std::exchange(t.nodes_.free_, 0)),  // so that all new nodes follow
      block_(t.nodes_.block_), used_(t.nodes_.used_), large_(t.nodes_.large_.size()), ends_(t.sweep_.ends_.size()),
      marks_(t.sweep_.marks_.size()), recorded_(t.recorded_nodes_) {}

Scratch::~Scratch() {
  NodeStore& all = tape_.nodes_;
  Sweep& sweep = tape_.sweep_;
  std::erase_if(tape_.numbers_, [&](const TapeImpl::Number& n) { return n.v.node() > top_; });
  for (std::uint32_t id = all.top_; id > top_; --id) {
    Node& n = all[id];
    if (n.attributes && n.op && n.op->destroy) n.op->destroy(n.attributes);
    if (n.pack) tape_.packs_.release(n);
    n = Node{};
  }
  all.top_ = top_;
  all.free_ = free_;
  all.block_ = block_;
  all.used_ = used_;
  all.large_.resize(large_);
  sweep.ends_.resize(ends_);
  sweep.marks_.resize(marks_);
  tape_.recorded_nodes_ = recorded_;
}

void Scratch::begin_sweep() {
  next_ = tape_.top();
  std::vector<char>& marks = tape_.sweep_.marks_;
  if (marks_ != 0) marks.resize(next_ + std::size_t{1});
  for (std::uint32_t id = top_ + 1; id <= next_; ++id) {
    const Node& n = tape_.node(id);
    if (n.leaf)
      throw TapeError("checkpoint: when steps were run again, they used parameter " + n.leaf->name +
                      ", which they had not used before: a step must be a function of its arguments");
    if (marks_ == 0) continue;
    marks[id] =
        n.requires_grad && (!n.op || n.retained);  // what enters the part, or is asked for; then as Sweep::Paths
    for (int k = 0; n.requires_grad && k < n.input_count; ++k)
      if (n.inputs()[k] != 0 && marks[n.inputs()[k]]) marks[id] = 1;
  }
}

void Scratch::sweep_to(std::uint32_t id) {
  if (next_ == 0) begin_sweep();
  tape_.sweep_.down(next_, id);
  next_ = id;
}

Array Scratch::adjoint(std::uint32_t id) {
  Node& n = tape_.node(id);
  if (n.group) tape_.sweep_.deferred.flush(id);
  return n.grad;
}

}  // namespace ebb::detail
