#pragma once
#include <ebb/autograd/tape_impl.hpp>
#include <ebb/ops/denormals.hpp>
#include <ebb/ops/pool_allocator.hpp>
#include <memory>

namespace ebb::detail {

/// A part of the graph of which only inputs and results are kept: a node with any number of results. When a sweep has
/// the results' adjoints, the part is recorded again on the same tape and swept (scratch.hpp), so that gradients have
/// the bits that they would have if it had been kept. First order only.
///
///     auto part = std::make_unique<Steps>(...);            // derives from Recomputed; its results were computed before
///     Steps& steps = *part;
///     Recomputed::record(std::move(part), inputs, where);  // the tape owns it
///     Var y = steps.result(value, where);
class Recomputed {
 public:
  virtual ~Recomputed() = default;
  Recomputed(const Recomputed&) = delete;
  Recomputed& operator=(const Recomputed&) = delete;

  /// Records a part that reads these inputs, and parameters that the tape has used by now.
  static void record(std::unique_ptr<Recomputed>, const PoolVector<Var>& inputs, const std::source_location&);
  /// Its next result, with the tape's time step.
  Var result(const Array& value, const std::source_location&);
  int results() const { return static_cast<int>(results_.size()); }
  /// The gradient of this result is that at the end of the step that returned it, as for set_step_end. False if v is
  /// not a result.
  static bool end_step(const Var& v);
  static Var part_of(const Var& result);  ///< empty for other Vars

 protected:
  Recomputed() = default;
  /// Records the part again and sweeps it. Called in a sweep, with recording off.
  virtual void again(TapeImpl&, const PoolVector<Var>& inputs) = 0;
  /// In its scope ops run as they did when the part was first run: denormals are not flushed.
  class Running;
  /// The adjoint of a result, empty if there is none.
  const Array& adjoint(int result) const { return results_[static_cast<std::size_t>(result)].adjoint; }
  enum class Wanted { no, whole, at_end };
  Wanted wanted(TapeImpl&, int result) const;  ///< whether its gradient was requested, and which
  void give(TapeImpl&, int result, const Array& gradient) const;

 private:
  friend struct RecomputedTables;
  struct Result {
    std::uint32_t node;
    bool at_end;
    Array adjoint;
  };
  struct ResultOf {
    Recomputed* part;
    int number;
  };
  static void sweep(Sweep&, std::uint32_t node);
  static void sweep_result(Sweep&, std::uint32_t node);

  std::uint32_t node_ = 0;
  int inputs_ = 0;
  bool flushed_ = false;             // denormals, when it was first run
  PoolVector<std::uint64_t> bound_;  // the bindings of parameters then, by serial number
  PoolVector<Result> results_;
};

class Recomputed::Running {
 public:
  Running(const Recomputed&, TapeImpl&, bool recording);
  ~Running() { tape_.set_recording(before_); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  TapeImpl& tape_;
  const FlushDenormals flush_;
  const bool before_;
};

/// Whether parameters have other values at each time step, as in `gradient_by_time`.
bool bound_by_time();

}  // namespace ebb::detail
