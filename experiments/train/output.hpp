#pragma once
#include <ebb/autograd/shards.hpp>

namespace ebb::app {

/// What a network puts out for each row in evaluation, besides its loss. A network and those who read it, such as its
/// task's meter, share a constant:
///
///     inline constexpr Output logits{"logits"};   // [B, T, 88]
///     logits.put(s, y);                           // in the network's loss, y [rows of the shard, T, 88]
///     logits.of(result)                           // in Meter::see
struct Output {
  const char* name;
  void put(Shard& s, const Var& v) const { s.out(name, v); }
  const Array& of(const Result& r) const { return r.rows(name); }
};

}  // namespace ebb::app
