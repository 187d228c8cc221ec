#pragma once
#include <ebb/autograd/node.hpp>
#include <ebb/ops/matmul.hpp>
#include <vector>

namespace ebb::detail {

class TapeImpl;

/// Right operands of matrix products, packed for the kernels at their second use: a weight is used at every step, but a
/// single product does not benefit. Packs of parameters are shared by all shards.
class PackTable {
 public:
  explicit PackTable(TapeImpl& t) : tape_(t) {}
  /// The pack of node `id` as op(b), if it pays off for another product with `rows` rows on the left; else null.
  const Pack* of(std::uint32_t id, Trans tb, std::int64_t rows);
  void release(Node&) noexcept;  ///< when the node's value is freed
  void clear();

 private:
  /// The packs of one node: [0] of b, [1] of its transpose.
  struct Packs {
    int uses[2] = {};
    Pack pack[2];
  };
  TapeImpl& tape_;
  std::vector<Packs> packs_;
  std::vector<std::uint32_t> free_;  // indices in packs_, from one
};

}  // namespace ebb::detail
