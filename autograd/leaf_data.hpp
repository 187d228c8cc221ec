#pragma once
#include <ebb/autograd/leaf.hpp>
#include <ebb/ops/matmul.hpp>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace ebb::detail {

/// The transforms of a leaf: the interface that the tape uses (transform.hpp).
class LeafTransforms {
 public:
  virtual ~LeafTransforms() = default;
  /// A null `context` means evaluation. Errors: ShapeError if the shape is not the leaf's
  virtual Var apply(const Leaf&, const Var& raw, const StepContext* context) const = 0;
};

constexpr std::int64_t leaf_block = 16;  ///< leaves begin at its multiples, so that threads share no cache lines
constexpr std::int64_t blocks_of(std::int64_t n) { return (n + leaf_block - 1) / leaf_block; }

struct LeafData {
  LeafSetData* set = nullptr;  // every handle counts as a reference to the set
  std::string name;
  Shape shape;
  std::int64_t offset = 0;
  bool trained = true;
  std::shared_ptr<const LeafTransforms> transforms;  // null: none
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
};

/// The packs of one leaf, shared by all shards of a pass; packs of an older version are replaced.
struct LeafPack {
  const LeafData* leaf;
  Trans trans;
  DType dtype;
  std::uint64_t version;
  Pack pack;
};

/// Lives as long as any handle to the set or to one of its leaves.
struct LeafSetData {
  Count holders;
  DType dtype = f32;
  Array flat;  // with capacity for more than `used` values
  std::int64_t used = 0;
  std::uint64_t version = 1;
  int editors = 0;  // live Edits, whose views may be written at any time
  std::vector<std::unique_ptr<LeafData>> leaves;
  std::vector<LeafData*> transformed;
  std::mutex packing;  // guards packs
  std::vector<LeafPack> packs;

  Array view_of(const LeafData& l) const {
    return flat.range(static_cast<int>(l.offset), static_cast<int>(l.offset + l.shape.size())).reshape(l.shape);
  }
};

}  // namespace ebb::detail
