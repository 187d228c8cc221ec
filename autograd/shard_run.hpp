#pragma once
#include <ebb/autograd/nonfinite.hpp>
#include <ebb/autograd/shards.hpp>
#include <ebb/autograd/tape_impl.hpp>
#include <ebb/autograd/transformed_leaves.hpp>
#include <ebb/autograd/watch_point.hpp>
#include <exception>
#include <mutex>
#include <optional>

namespace ebb::detail {

/// What the shards of one backward share: the options, and the caller's arrays that rows are copied into.
struct ShardRun {
  const LeafSet& set;
  ShardOptions options;
  int shards = 1;
  Result result;
  std::mutex mutex;  // guards the maps of result, not the rows: those are each shard's own
  PoolVector<Grads> grads;
  PoolVector<double> losses;
  PoolVector<std::map<std::string, double>> counts;
  PoolVector<std::int64_t> kept;
  PoolVector<std::exception_ptr> errors;
  PoolVector<NonfiniteProbe> traces;
  std::optional<TransformedLeaves> transformed;
  const WatchPoint* watcher = nullptr;  ///< where the caller's values go

  ShardRun(const LeafSet& s, const ShardOptions& o);
  int begin(int shard) const;  ///< rows are dealt out evenly, the first shards one more
  void run(int shard, const detail::LossRef&, bool gradients, bool trace);
  void run_all(const detail::LossRef&, bool gradients, bool trace);
  void sum_behind(std::int64_t shard, std::int64_t first_of_thread);
  void publish(bool gradients);
  /// The array `name` of the map, made at first use; rows of the batch stand on `axis`.
  Array whole(std::map<std::string, Array>& in, const std::string& name, const Shape& part, int axis);
};

}  // namespace ebb::detail
