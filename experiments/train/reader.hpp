#pragma once
#include <ebb/experiments/train/network.hpp>
#include <ebb/nn/sequence/packing.hpp>

namespace ebb::app {

enum class ReadDirection { forward, both };

/// The user's recurrence over sequences of different lengths, in one direction or in both (scopes "forward" and
/// "backward"). A layer of which one network sees both ways (a Transformer) stands once, in "forward".
///
/// Shapes    packed [N, I] -> packed [N, width()]
class Reader {
 public:
  Reader(const Builder&, const Recurrence&, int input, ReadDirection);
  int width() const { return width_; }
  Packed operator()(const Packed& x, const StepContext&) const;
  /// Outputs at the end of what each direction reads: of each row's last step, and of its first; of a network that
  /// sees both ways, of its first.
  ///
  /// Shapes    -> [B, width()]
  Var ends(const Packed& x, const StepContext&) const;

 private:
  LayerPtr forward_, backward_;
  int width_;
};

/// As tasks declare it that have a Reader.
inline constexpr TaskOption direction_option{
    .name = "direction", .type = "WHICH", .help = "of the recurrence: forward or both"};

/// Errors    ValueError unless the option's value is "forward" or "both"
ReadDirection read_direction(const std::string&);

}  // namespace ebb::app
