#pragma once
#include <ebb/autograd/node.hpp>
#include <ebb/ops/matmul.hpp>
#include <vector>

namespace ebb::detail {

class TapeImpl;

/// Right operands of matrix products, laid out for the kernels at their second use: a weight serves at every step, but
/// a product that stays alone gains nothing by it. The packs of parameters are shared by all shards.
class PackTable {
 public:
  explicit PackTable(TapeImpl& t) : tape_(t) {}
  /// Node `id` as op(b), if that pays for one more product with `rows` rows on the left; null if it does not.
  const Pack* of(std::uint32_t id, Trans tb, std::int64_t rows);
  void release(Node&) noexcept;  ///< the node's value is gone
  void clear();

 private:
  /// The packs of one node, [0] of b and [1] of its transpose.
  struct Packs {
    int uses[2] = {};
    Pack pack[2];
  };
  TapeImpl& tape_;
  std::vector<Packs> packs_;
  std::vector<std::uint32_t> free_;  // places in packs_, counted from one
};

}  // namespace ebb::detail
