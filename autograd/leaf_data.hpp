#pragma once
#include <ebb/autograd/leaf.hpp>
#include <ebb/ops/matmul.hpp>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace ebb::detail {

struct LeafData {
  LeafSetData* set = nullptr;      // what every handle counts
  std::string name;
  Shape shape;
  std::int64_t offset = 0;
  bool trained = true;
  std::vector<Transform> transforms;   // applied in this order
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
  Array flat;                      // room for more than `used` numbers
  std::int64_t used = 0;
  std::uint64_t version = 1;
  int editors = 0;                 // Edits that live: their views may be written at any time
  std::vector<std::unique_ptr<LeafData>> leaves;
  std::vector<LeafData*> transformed;
  std::mutex packing;              // guards packs
  std::vector<LeafPack> packs;
};

}  // namespace ebb::detail
