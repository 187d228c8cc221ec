#pragma once
#include <ebb/autograd/nonfinite.hpp>
#include <ebb/autograd/observer.hpp>
#include <map>
#include <mutex>
#include <unordered_map>

namespace ebb::detail {

struct Node;

/// One thread's part of a NonFinite, with those of the shards that it starts.
class NonFiniteLane final : public Probe, public Observer {
 public:
  void began(TapeImpl&, const char* op, const Var* inputs, int count) override;
  void recorded(TapeImpl&, const Var& y, const Var* inputs, int count) override;
  void pushed(TapeImpl&, const Var& y) override;
  void sweep(Sweep&, std::uint32_t node) override;
  void deferred(Sweep&, std::uint32_t operand, std::int64_t rows) override;
  void flush(Sweep&, std::uint32_t operand, bool begins) override;

  Probe& probe() override { return *this; }
  Observer& shard(int number) override;
  void leave() noexcept override { held_.clear(); }

  const std::optional<NonFiniteValue>& found() const;

 private:
  struct Held {
    ValueRange range;
    Array value;
  };
  void look(TapeImpl&, const Var& y, const char* op, const Var* inputs, int count);
  bool look_inside(TapeImpl&, const Var& y, const Var* inputs, int count);
  bool look_at_gradient(Sweep&, std::uint32_t node, std::uint32_t input, int k);
  void describe_sweep(TapeImpl&, std::uint32_t node);
  ValueRange range_of(TapeImpl&, std::uint32_t id, const Array& value);

  std::optional<NonFiniteValue> found_;
  const char* op_ = nullptr;    // of the op that began, and its operands: a value that is held is not overwritten
  std::vector<Held> held_;      //
  bool inside_ = false;         // running a fused lambda on Vars
  std::uint32_t tape_ = 0;      // to which the ranges belong
  std::uint32_t visiting_ = 0;  // the node being swept
  std::unordered_map<std::uint32_t, ValueRange> ranges_;       // of recorded values and their operands
  std::unordered_map<std::uint32_t, std::uint32_t> deferred_;  // operand to the node that last deferred a product
  std::mutex mutex_;                                           // guards shards_
  std::map<int, std::unique_ptr<NonFiniteLane>> shards_;
};

}  // namespace ebb::detail
