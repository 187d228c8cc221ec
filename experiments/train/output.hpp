#pragma once
#include <ebb/autograd/shards.hpp>

namespace ebb::app {

/// A named output of a network for each row in evaluation, besides its loss. The network and the code that reads the
/// output, such as the task's meter, share a constant:
///
///     inline constexpr Output logits{"logits"};   // [B, T, 88]
///     logits.put(s, y);                           // in the network's loss, y [rows of the shard, T, 88]
///     logits.of(result)                           // in Meter::update
struct Output {
  const char* name;
  void put(Shard& s, const Var& v) const { s.out(name, v); }
  const Array& of(const Result& r) const { return r.rows(name); }
};

}  // namespace ebb::app
