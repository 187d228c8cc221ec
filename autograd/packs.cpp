#include <ebb/autograd/leaf_data.hpp>
#include <ebb/autograd/tape_impl.hpp>

namespace ebb::detail {

namespace {

/// With more rows than this a product lays out its right operand anyway, panel by panel.
constexpr std::int64_t most_rows = 64;

/// A leaf's pack, made by the first shard that needs it.
Pack shared_pack(const Node& n, const Array& value, Trans tb) {
  LeafSetData& set = *n.leaf->set;
  const std::lock_guard lock(set.packing);
  for (LeafPack& p : set.packs)
    if (p.leaf == n.leaf && p.trans == tb && p.dtype == value.dtype()) {
      if (p.version != set.version) {
        p.pack = Pack(value, tb);
        p.version = set.version;
      }
      return p.pack;
    }
  set.packs.push_back({n.leaf, tb, value.dtype(), set.version, Pack(value, tb)});
  return set.packs.back().pack;
}

}  // namespace

const Pack* TapeImpl::packed(std::uint32_t id, Trans tb, std::int64_t rows) {
  if (!engine().pack || rows > most_rows || node(id).shape.rank() != 2) return nullptr;
  Node& n = node(id);
  if (n.pack == 0) {
    packs_.emplace_back();
    n.pack = static_cast<std::uint32_t>(packs_.size());
  }
  const int k = tb == Trans::yes;
  Packs& p = packs_[n.pack - 1];
  if (++p.uses[k] < 2) return nullptr;
  if (!p.pack[k]) p.pack[k] = n.leaf && !n.bound ? shared_pack(n, value(id), tb) : Pack(value(id), tb);
  return &p.pack[k];
}

}  // namespace ebb::detail
