#pragma once
#include <ebb/autograd/observer.hpp>
#include <ebb/autograd/shards.hpp>
#include <ebb/autograd/tape_impl.hpp>
#include <ebb/autograd/transformed_leaves.hpp>
#include <ebb/autograd/watch_point.hpp>
#include <ebb/ranks/rank_tree.hpp>
#include <exception>
#include <mutex>
#include <optional>
#include <utility>

namespace ebb::detail {

/// Rows are split evenly; the first shards may have one more.
inline int row_of_shard(int shard, int shards, int rows) {
  const int more = rows % shards;
  return shard * (rows / shards) + (shard < more ? shard : more);
}

/// State shared by the shards of one backward: the options, and the caller's arrays into which rows are copied.
struct ShardRun {
  const LeafSet& set;
  ShardOptions options;
  int shards = 1;
  std::pair<int, int> own;       ///< shards that run here: first and end
  std::optional<RankTree> tree;  ///< of several ranks
  Result result;
  std::mutex mutex;  // guards the maps of `result`, not the rows, which belong to one shard each
  PoolVector<Grads> grads;
  PoolVector<double> losses;
  PoolVector<std::map<std::string, double>> counts;
  PoolVector<std::int64_t> kept;
  PoolVector<std::exception_ptr> errors;
  std::optional<TransformedLeaves> transformed;
  const WatchPoint* watcher = nullptr;  ///< the caller's watch point
  Observer* observed = nullptr;         ///< what observes the caller

  ShardRun(const LeafSet& s, const ShardOptions& o);
  int begin(int shard) const { return row_of_shard(shard, shards, options.rows); }
  void run(int shard, const detail::LossRef&, bool gradients);
  void run_all(const detail::LossRef&, bool gradients);
  void sum_behind(std::int64_t shard, std::int64_t first_of_thread);
  void sum_gradients(bool gaps);
  void publish(bool gradients);
  /// The array `name` of the map, created at first use, with the batch rows on `axis`.
  Array whole(std::map<std::string, Array>& in, const std::string& name, const Shape& part, int axis);
};

}  // namespace ebb::detail
