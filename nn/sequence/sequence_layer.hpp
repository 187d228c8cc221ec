#pragma once
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <memory>
#include <optional>

namespace ebb {

/// What came of reading sequences. As of a Run: outputs of all steps, that of each row's end, and the state to carry
/// on, which is empty where there is none.
class Reading {
 public:
  Reading(Run run) : run_(std::move(run)) {}
  explicit Reading(Var all) : all_(std::move(all)) {}  ///< [T, B, H]
  /// `first`: each row's end is its first step, as of one that read backward.
  Reading(Packed all, bool first) : packed_(std::move(all)), first_(first) {}

  Var all() const;   ///< [T, B, H]
  Var last() const;  ///< of the step that was read last, [B, H]; zero for a row without a step, or the cell's start
  State end() const;
  Packed packed() const;  ///< Errors: ValueError if no lengths were given

 private:
  std::optional<Run> run_;
  Var all_;
  std::optional<Packed> packed_;
  bool first_ = false;
};

/// Something that reads whole sequences: a cell that is unrolled, or a layer over all steps at once, such as a TCN or a
/// Transformer. `unroll` takes it where it takes a cell.
///
///     const LayerPtr layer = recurrence.layer(p / "cell", 1);
///     const Reading read = unroll(*layer, s.sequence(b.x), s.take(carried), s.context());
class SequenceLayer {
 public:
  virtual ~SequenceLayer();
  virtual int width() const = 0;  ///< H, of an output
  /// The cell that is unrolled; null for a layer that has no step.
  virtual const Cell* cell() const { return nullptr; }
  virtual Reading read(const Sequence& x, const State& initial, const StepContext&) const = 0;
  /// Outputs of a row depend on its own steps alone.
  virtual Reading read(const Packed& x, const State& initial, const StepContext&, Direction) const = 0;
};
using LayerPtr = std::shared_ptr<const SequenceLayer>;

/// A cell as such.
LayerPtr layer_of(CellPtr cell, int width);

/// A layer over all steps at once, which carries no state. Read backward, each row is turned round within its length.
class WholeLayer : public SequenceLayer {
 public:
  Reading read(const Sequence& x, const State&, const StepContext& at) const final { return Reading(run(x, {}, at)); }
  Reading read(const Packed& x, const State&, const StepContext&, Direction) const final;

 protected:
  /// Shapes    x [T, B, I] -> [T, B, width()]; lengths [B], from 1 to T, or none
  virtual Var run(const Sequence& x, const Lengths&, const StepContext&) const = 0;
  /// It is read forward, and each output sees its row's later steps too.
  virtual bool is_bidirectional() const { return false; }
};

Reading unroll(const SequenceLayer&, const Sequence& x, const State& initial, const StepContext&);
Reading unroll(const SequenceLayer&, const Sequence& x, const StepContext&);
Reading unroll(const SequenceLayer&, const Sequence& x, const Lengths&, const StepContext&);
Reading unroll(const SequenceLayer&, const Packed& x, const StepContext&);
Reading unroll(const SequenceLayer&, const Packed& x, const State& initial, const StepContext&);
Reading unroll(const SequenceLayer&, const Packed& x, const State& initial, const StepContext&, Direction);

}  // namespace ebb
