#include <algorithm>
#include <ebb/autograd/tape_impl.hpp>
#include <ebb/online/product_probe.hpp>
#include <string_view>
#include <utility>

namespace ebb::detail {

StandIn::StandIn(const Leaf& leaf, Var v)
    : var_(std::move(v)), binding_(leaf, leaf.shape(), Var(), leaf.value(), leaf.transformed()) {
  binding_.by_time = this;
}

Var StandIn::at(int) {
  used_ = true;
  return var_;
}

ProductProbe::ProductProbe(std::vector<std::uint32_t> matrices, bool cut)
    : tape_(TapeImpl::current("online")), before_(tape_.probe()), matrices_(std::move(matrices)), cut_(cut) {
  tape_.set_probe(this);
}
ProductProbe::~ProductProbe() { tape_.set_probe(before_); }

void ProductProbe::sweep(Sweep& s, std::uint32_t id) {
  Node& n = tape_.node(id);
  const bool product = n.input_count == 2 && std::string_view(n.op->name) == "matmul" &&
                       std::find(matrices_.begin(), matrices_.end(), n.inputs()[1]) != matrices_.end();
  const Node* const x = product ? &tape_.node(n.inputs()[0]) : nullptr;
  const Node* const w = product ? &tape_.node(n.inputs()[1]) : nullptr;
  const bool straight = product && x->shape.rank() == 2 && n.shape.rank() == 2 && x->shape[0] == n.shape[0] &&
                        x->shape[1] == w->shape[0] && n.shape[1] == w->shape[1];
  if (straight) products_.push_back({n.inputs()[1], tape_.value(n.inputs()[0]), n.grad});
  if (straight && cut_) return;
  if (before_) before_->sweep(s, id);
  else n.op->sweep(s, id);
}

}  // namespace ebb::detail
