#include <algorithm>
#include <ebb/nn/cell_spec.hpp>
#include <ebb/nn/sequence/sequence_layer.hpp>
#include <ebb/ops/error.hpp>

namespace ebb {

namespace {

/// A cell as a layer.
class CellLayer final : public SequenceLayer {
 public:
  CellLayer(CellPtr cell, int width, const UnrollOptions& o) : cell_(std::move(cell)), width_(width), o_(o) {}
  int width() const override { return width_; }
  const Cell* cell() const override { return &*cell_; }
  Reading read(const Sequence& x, const State& initial, const StepContext& at,
               const std::source_location& where) const override {
    return unroll(*cell_, x, initial, at, in(Direction::forward), where);
  }
  Reading read(const Packed& x, const State& initial, const StepContext& at, Direction d,
               const std::source_location& where) const override {
    return unroll(*cell_, x, initial, at, in(d), where);
  }

 private:
  UnrollOptions in(Direction d) const { return {.direction = d, .checkpoint = o_.checkpoint, .reads = o_.reads}; }
  CellPtr cell_;
  int width_;
  UnrollOptions o_;
};

void check_width(const SequenceLayer& l, const Var& x, const std::source_location& where) {
  if (const Cell* const cell = l.cell()) detail::check_input(*cell, x, where);
}

// Steps of each row, in the packing's order.
std::vector<int> sorted_lengths(const Packing& p) {
  std::vector<int> lengths(static_cast<std::size_t>(p.rows()));
  for (int t = 0; t < p.steps(); ++t)
    for (int k = 0; k < p.alive(t); ++k) ++lengths[static_cast<std::size_t>(k)];
  return lengths;
}

// A row without steps is treated as a single zero step, since attention needs at least one key; packing drops it again.
Lengths lengths_of(const Packing& p) {
  const std::vector<int> sorted = sorted_lengths(p);
  Lengths lengths({p.rows()});
  for (int row = 0; row < p.rows(); ++row)
    lengths.data()[row] = std::max(1, sorted[static_cast<std::size_t>(p.places().data()[row])]);
  return lengths;
}

// Reverses each row within its length; an involution.
Var turned(const Packed& x, const std::source_location& where) {
  const Packing& p = x.packing;
  const std::vector<int> lengths = sorted_lengths(p);
  Tokens places({p.size()});
  for (int t = 0; t < p.steps(); ++t)
    for (int k = 0; k < p.alive(t); ++k)
      places.data()[p.begin(t) + k] = p.begin(lengths[static_cast<std::size_t>(k)] - 1 - t) + k;
  return gather(At(x.all, where), places);
}

}  // namespace

SequenceLayer::~SequenceLayer() = default;
LayerPtr layer_of(CellPtr cell, int width, const UnrollOptions& o) {
  return std::make_shared<CellLayer>(std::move(cell), width, o);
}

Var Reading::all(std::source_location where) const {
  return run_ ? run_->all(where) : packed_ ? unpack(*packed_, where).all() : all_;
}
State Reading::end() const { return run_ ? run_->end() : State{}; }

Packed Reading::packed(std::source_location where) const {
  if (packed_) return *packed_;
  if (!run_) throw ValueError("reading: not packed, since no lengths were given");
  return run_->packed(where);
}

Var Reading::last(std::source_location where) const {
  if (run_) return run_->last(where);
  const CallSite here{where};
  if (!packed_) return all_[all_.dim(0) - 1];
  const Packing& p = packed_->packing;
  const std::vector<int> lengths = sorted_lengths(p);
  Tokens places({p.rows()});
  for (int row = 0; row < p.rows(); ++row) {
    const int k = p.places().data()[row], steps = lengths[static_cast<std::size_t>(k)];
    places.data()[row] =
        steps == 0 ? p.size() : p.begin(first_ ? 0 : steps - 1) + k;  // the row of zeros appended at the end
  }
  return gather(concat({packed_->all, zeros({1, packed_->all.dim(1)})}, 0), places);
}

Reading WholeLayer::read(const Packed& x, const State&, const StepContext& at, Direction direction,
                         const std::source_location& where) const {
  const Packing& p = x.packing;
  if (p.padded_steps() == 0) throw ValueError("the sequence is empty");
  const bool back = direction == Direction::backward;
  const Packed in = back ? Packed{turned(x, where), p} : x;
  const Packed y = pack(run(unpack(in, where), lengths_of(p), at), p, where);
  return Reading(back ? Packed{turned(y, where), p} : y, back || is_bidirectional());
}

Reading unroll(const SequenceLayer& l, const Sequence& x, const State& initial, const StepContext& at,
               std::source_location where) {
  check_width(l, x.all(), where);
  return l.read(x, initial, at, where);
}
Reading unroll(const SequenceLayer& l, const Sequence& x, const StepContext& at, std::source_location where) {
  return unroll(l, x, State{}, at, where);
}
Reading unroll(const SequenceLayer& l, const Sequence& x, const Lengths& lengths, const StepContext& at,
               std::source_location where) {
  check_width(l, x.all(), where);
  return unroll(l, pack(x, lengths, where), at, where);
}
Reading unroll(const SequenceLayer& l, const Packed& x, const StepContext& at, std::source_location where) {
  return unroll(l, x, State{}, at, where);
}
Reading unroll(const SequenceLayer& l, const Packed& x, const State& initial, const StepContext& at,
               std::source_location where) {
  return unroll(l, x, initial, at, Direction::forward, where);
}
Reading unroll(const SequenceLayer& l, const Packed& x, const State& initial, const StepContext& at, Direction d,
               std::source_location where) {
  check_width(l, x.all, where);
  return l.read(x, initial, at, d, where);
}

}  // namespace ebb
