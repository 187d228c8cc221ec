#pragma once
#include <array>
#include <ebb/autograd/leaf.hpp>
#include <ebb/ops/pool_allocator.hpp>
#include <unordered_map>
#include <vector>

namespace ebb {
class Grads;
}

namespace ebb::detail {

class TapeImpl;

/// Parameters on one tape. Each becomes a node at its first use, in the tape's element type, and a further node for
/// each value that it is bound to. The set's version is recorded, so that a backward after an edit is an error.
class LeafTable {
 public:
  explicit LeafTable(TapeImpl& t) : tape_(t) {}
  /// The parameter after its transforms, evaluated once per tape.
  Var of(const Leaf&, const std::source_location&);
  /// Its raw values, or those that it is bound to.
  Var raw(const Leaf&, const std::source_location&);
  /// The context for transforms; null means evaluation. It must outlive the tape.
  void set_context(const StepContext* at) { context_ = at; }
  /// Errors    TapeError if a set was edited since the tape used it
  void check_versions() const;
  /// Flat gradients for all sets in use. Their parts become the leaves' adjoints, so the sweep writes them in place.
  Grads place_gradients();
  void clear();

 private:
  Var make(const Leaf&, std::uint64_t version, const Binding*, const std::source_location&);
  void use(LeafSetData*);

  TapeImpl& tape_;
  const StepContext* context_ = nullptr;
  struct UsedSet {
    LeafSet set;  // a handle, so that its leaves outlive the tape
    std::uint64_t version;
  };
  std::vector<UsedSet> used_;
  struct LeafVar {
    Var v;
    std::uint64_t version = 0;  // 0: none; sets and bindings never have it
  };
  // By the leaf's address or the binding's serial number, which is odd.
  std::unordered_map<std::uint64_t, LeafVar, std::hash<std::uint64_t>, std::equal_to<>,
                     PoolAllocator<std::pair<const std::uint64_t, LeafVar>>>
      leaves_;
  struct Found {
    std::uint64_t key = 0, version = 0;
    std::uint32_t id = 0;
  };
  std::array<Found, 32> found_;       // a cache: a cell uses the same few at each step
  std::vector<std::uint32_t> nodes_;  // of all leaves
  struct Transformed {
    std::uint32_t raw;
    bool recorded;
    Var v;
  };
  std::vector<Transformed> transformed_;
};

}  // namespace ebb::detail
