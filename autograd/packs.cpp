#include <ebb/autograd/packs.hpp>

#include <ebb/autograd/binding.hpp>
#include <ebb/autograd/engine.hpp>
#include <ebb/autograd/leaf_data.hpp>
#include <ebb/autograd/tape_impl.hpp>

namespace ebb::detail {

namespace {

/// With more rows, a product packs its right operand itself, panel by panel.
constexpr std::int64_t most_packed_rows = 64;

/// A leaf's pack for the set's current version, created by the first shard that needs it.
Pack shared_pack(const Node& n, const Array& value, Trans tb) {
  LeafSetData& set = *n.leaf->set;
  const std::lock_guard lock(set.packing);
  for (LeafPack& p : set.packs)
    if (p.leaf == n.leaf && p.trans == tb && p.dtype == value.dtype()) {
      if (p.version != set.version) {
        p.pack.assign(value, tb);
        p.version = set.version;
      }
      return p.pack;
    }
  set.packs.push_back({n.leaf, tb, value.dtype(), set.version, Pack(value, tb)});
  return set.packs.back().pack;
}

/// The pack of a transformed value, shared by all shards.
Pack transformed_pack(const Node& n, const Array& value, Trans tb) {
  Binding* bound = binding_of(n.leaf);
  if (!bound || !bound->transformed || bound->serial != n.version) return Pack(value, tb);
  const std::lock_guard lock(bound->packing);
  Pack& p = bound->pack[tb == Trans::yes];
  if (!p) p = Pack(value, tb);
  return p;
}

Pack pack_of(const Node& n, const Array& value, Trans tb) {
  if (!n.leaf) return Pack(value, tb);
  return n.bound ? transformed_pack(n, value, tb) : shared_pack(n, value, tb);
}

}  // namespace

const Pack* PackTable::of(std::uint32_t id, Trans tb, std::int64_t rows) {
  Node& n = tape_.node(id);
  if (!engine().pack || rows > most_packed_rows || n.shape.rank() != 2) return nullptr;
  const bool parameter = n.leaf && !n.bound;
  // The values may have changed, or may be about to; a pack would have stale ones.
  if (parameter && (n.leaf->set->editors != 0 || n.version != n.leaf->set->version)) return nullptr;
  if (n.pack == 0) {
    if (free_.empty()) {
      packs_.emplace_back();
      free_.reserve(packs_.capacity());  // so that release cannot throw
      free_.push_back(static_cast<std::uint32_t>(packs_.size()));
    }
    n.pack = free_.back();
    free_.pop_back();
  }
  const int k = tb == Trans::yes;
  Packs& p = packs_[n.pack - 1];
  if (++p.uses[k] < 2) return nullptr;
  if (!p.pack[k]) p.pack[k] = pack_of(n, tape_.value(id), tb);
  return &p.pack[k];
}

void PackTable::release(Node& n) noexcept {
  packs_[n.pack - 1] = Packs{};
  free_.push_back(n.pack);
  n.pack = 0;
}

void PackTable::clear() {
  packs_.clear();
  free_.clear();
}

}  // namespace ebb::detail
