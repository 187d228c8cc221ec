#include <ebb/autograd/leaf_table.hpp>

#include <algorithm>
#include <ebb/autograd/binding.hpp>
#include <ebb/autograd/grads.hpp>
#include <ebb/autograd/leaf_data.hpp>
#include <ebb/autograd/tape_impl.hpp>
#include <ebb/ops/error.hpp>

namespace ebb::detail {

Var LeafTable::of(const Leaf& l, const std::source_location& where) {
  Var raw_value = raw(l, where);
  const LeafTransforms* transforms = l.get()->transforms.get();
  if (!transforms) return raw_value;
  if (const Binding* bound = binding_of(l.get()); bound && bound->transformed) return raw_value;
  for (const Transformed& t : transformed_)
    if (t.raw == raw_value.node() && t.recorded == tape_.recording()) return t.v;
  Var made = transforms->apply(l, raw_value, context_);
  transformed_.push_back({raw_value.node(), tape_.recording(), made});
  return made;
}

Var LeafTable::raw(const Leaf& l, const std::source_location& where) {
  const LeafData* data = l.get();
  const Binding* bound = binding_of(data);
  if (bound && bound->by_time)
    if (Var v = bound->by_time->at(tape_.time())) return v;
  if (bound && bound->var) return bound->var;
  const std::uint64_t key = bound ? bound->serial : reinterpret_cast<std::uintptr_t>(data);
  // After an edit the values are read again, and backward of what was recorded with the old ones is an error.
  const std::uint64_t version = bound ? bound->serial : data->set->version;
  Found& last = found_[(key >> 4) % found_.size()];
  if (last.key == key && last.version == version) return tape_.handle(last.id);
  LeafVar& known = leaves_[key];
  if (known.version != version) known = {make(l, version, bound, where), version};
  last = {key, version, known.v.node()};
  return known.v;
}

Var LeafTable::make(const Leaf& l, std::uint64_t version, const Binding* bound, const std::source_location& where) {
  use(l.get()->set);
  Var v = tape_.input(tape_.convert(bound ? bound->array : l.value()), l.trained(), where);
  Node& n = tape_.node(v.node());
  n.leaf = l.get();
  n.version = version;
  n.bound = bound != nullptr;
  n.keep = true;
  nodes_.push_back(v.node());
  return v;
}

void LeafTable::use(LeafSetData* set) {
  const bool known = std::any_of(used_.begin(), used_.end(), [&](const UsedSet& u) { return u.set.get() == set; });
  if (!known) used_.push_back({LeafSet(set), set->version});
}

void LeafTable::check_versions() const {
  for (const UsedSet& u : used_)
    if (u.set.version() != u.version)
      throw TapeError("backward: a parameter was edited (or added) while this tape was using it; create a new tape");
}

Grads LeafTable::place_gradients() {
  Grads g;
  for (const UsedSet& u : used_) g.with_gaps(u.set, tape_.dtype());
  for (std::uint32_t id : nodes_) {
    Node& n = tape_.node(id);
    const auto other = std::find_if(nodes_.begin(), nodes_.end(), [&](std::uint32_t k) {
      return tape_.node(k).in_flat && tape_.node(k).leaf == n.leaf;
    });  // used both bound and raw: one writes its gradient in place, the other's is added at the end
    if (other != nodes_.end()) close_gaps(tape_.node(*other));
    else if (n.requires_grad) g.place(n, tape_.dtype());
    if (n.retained) close_gaps(n);
  }
  return g;
}

void LeafTable::clear() {
  leaves_.clear();
  nodes_.clear();
  transformed_.clear();
  found_.fill({});
  used_.clear();
  context_ = nullptr;
}

}  // namespace ebb::detail
