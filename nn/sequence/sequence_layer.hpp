#pragma once
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <memory>
#include <optional>

namespace ebb {

/// The result of reading sequences, like a Run: outputs of all steps, each row's last output, and the state to carry
/// on, which is empty if the layer has none.
class Reading {
 public:
  Reading(Run run) : run_(std::move(run)) {}
  explicit Reading(Var all) : all_(std::move(all)) {}  ///< [T, B, H]
  /// `first`: each row's last output is at its first step, as for a layer that reads backwards.
  Reading(Packed all, bool first) : packed_(std::move(all)), first_(first) {}

  Var all(std::source_location where = std::source_location::current()) const;  ///< [T, B, H]
  /// Of the step read last, [B, H]; for a row without steps zero, or the output of the cell's initial state.
  Var last(std::source_location where = std::source_location::current()) const;
  State end() const;
  /// Errors    ValueError if no lengths were given
  Packed packed(std::source_location where = std::source_location::current()) const;

 private:
  std::optional<Run> run_;
  Var all_;
  std::optional<Packed> packed_;
  bool first_ = false;
};

/// A layer that reads whole sequences: an unrolled cell, or a layer over all steps at once, such as a TCN or a
/// Transformer. `unroll` accepts it in place of a cell.
///
///     const LayerPtr layer = recurrence.layer(p / "cell", 1);
///     const Reading read = unroll(*layer, s.sequence(b.x), s.take(carried), s.context());
class SequenceLayer {
 public:
  virtual ~SequenceLayer();
  virtual int width() const = 0;  ///< H, the width of an output
  /// The cell that is unrolled; null for a layer without steps.
  virtual const Cell* cell() const { return nullptr; }
  /// `where` is the line of unroll's caller.
  virtual Reading read(const Sequence& x, const State& initial, const StepContext&,
                       const std::source_location& where) const = 0;
  /// A row's outputs depend only on that row.
  virtual Reading read(const Packed& x, const State& initial, const StepContext&, Direction,
                       const std::source_location& where) const = 0;
};
using LayerPtr = std::shared_ptr<const SequenceLayer>;

/// A cell as a layer, which is unrolled with these options, in the direction in which it is read.
LayerPtr layer_of(CellPtr cell, int width, const UnrollOptions& = {});

/// A layer over all steps at once, without state. Reading backwards reverses each row within its length.
class WholeLayer : public SequenceLayer {
 public:
  Reading read(const Sequence& x, const State&, const StepContext& at, const std::source_location&) const final {
    return Reading(run(x, {}, at));
  }
  Reading read(const Packed& x, const State&, const StepContext&, Direction, const std::source_location&) const final;

 protected:
  /// Shapes    x [T, B, I] -> [T, B, width()]; lengths [B], each from 1 to T, or empty
  virtual Var run(const Sequence& x, const Lengths&, const StepContext&) const = 0;
  /// Whether outputs also depend on later steps of their row.
  virtual bool is_bidirectional() const { return false; }
};

Reading unroll(const SequenceLayer&, const Sequence& x, const State& initial, const StepContext&,
               std::source_location where = std::source_location::current());
Reading unroll(const SequenceLayer&, const Sequence& x, const StepContext&,
               std::source_location where = std::source_location::current());
Reading unroll(const SequenceLayer&, const Sequence& x, const Lengths&, const StepContext&,
               std::source_location where = std::source_location::current());
Reading unroll(const SequenceLayer&, const Packed& x, const StepContext&,
               std::source_location where = std::source_location::current());
Reading unroll(const SequenceLayer&, const Packed& x, const State& initial, const StepContext&,
               std::source_location where = std::source_location::current());
Reading unroll(const SequenceLayer&, const Packed& x, const State& initial, const StepContext&, Direction,
               std::source_location where = std::source_location::current());

}  // namespace ebb
