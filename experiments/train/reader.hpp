#pragma once
#include <ebb/experiments/train/network.hpp>
#include <ebb/nn/sequence/packing.hpp>

namespace ebb::app {

enum class ReadDirection { forward, both };

/// The user's recurrence over sequences of different lengths, in one direction or in both (scopes "forward" and
/// "backward"). A layer in which one network sees both directions (a Transformer) exists once, in "forward".
///
/// Shapes    packed [N, I] -> packed [N, width()]
class Reader {
 public:
  Reader(const Builder&, const Recurrence&, int input, ReadDirection);
  int width() const { return width_; }
  Packed operator()(const Packed& x, const StepContext&) const;
  /// The final output of each direction: of each row's last step, and of its first; for a network that sees both
  /// directions, of its first.
  ///
  /// Shapes    -> [B, width()]
  Var ends(const Packed& x, const StepContext&) const;

  /// The recurrence from the first step to the last; null for a layer without steps.
  const Cell* forward() const;
  /// The output at each row's last step, given that of the forward recurrence; the backward one has read only that
  /// step, x.
  ///
  /// Shapes    forward [B, H], x [B, I] -> [B, width()]
  Var at_last(const Var& forward, const Var& x, const StepContext&) const;

 private:
  LayerPtr forward_, backward_;
  int width_;
};

/// The declaration for tasks that have a Reader.
inline constexpr TaskOption direction_option{
    .name = "direction", .help = "direction of the recurrence: forward or both", .takes = OneOf{"forward", "both"}};

/// The direction that a value of the option names.
ReadDirection read_direction(const std::string&);

}  // namespace ebb::app
