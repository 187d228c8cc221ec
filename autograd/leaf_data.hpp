#pragma once
#include <ebb/autograd/leaf.hpp>
#include <ebb/ops/matmul.hpp>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace ebb::detail {

/// What a leaf's transforms make of its own numbers: all that the tape knows of them (transform.hpp).
class LeafTransforms {
 public:
  virtual ~LeafTransforms() = default;
  /// `told` null: as in evaluation. Errors    ShapeError if the shape is not the leaf's
  virtual Var apply(const Leaf&, const Var& raw, const StepContext* context) const = 0;
};

struct LeafData {
  LeafSetData* set = nullptr;  // what every handle counts
  std::string name;
  Shape shape;
  std::int64_t offset = 0;
  bool trained = true;
  std::shared_ptr<const LeafTransforms> transforms;  // null: none
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
};

/// Packs of one leaf, shared by all shards of a pass; those of an older version are replaced.
struct LeafPack {
  const LeafData* leaf;
  Trans trans;
  DType dtype;
  std::uint64_t version;
  Pack pack;
};

/// A set lives as long as any handle to it or to one of its leaves.
struct LeafSetData {
  Count holders;
  DType dtype = f32;
  Array flat;  // room for more than `used` numbers
  std::int64_t used = 0;
  std::uint64_t version = 1;
  int editors = 0;  // Edits that live: their views may be written at any time
  std::vector<std::unique_ptr<LeafData>> leaves;
  std::vector<LeafData*> transformed;
  std::mutex packing;  // guards packs
  std::vector<LeafPack> packs;

  Array view_of(const LeafData& l) const {
    return flat.range(static_cast<int>(l.offset), static_cast<int>(l.offset + l.shape.size())).reshape(l.shape);
  }
};

}  // namespace ebb::detail
