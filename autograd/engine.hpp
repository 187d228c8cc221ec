#pragma once

namespace ebb {

/// Optimisations that tests and measurements switch off, while no tape is in use. Results stay the same to rounding.
struct Engine {
  bool pack = true;     ///< right operands of repeated products are laid out once for the kernels (packs.hpp)
  bool defer = true;    ///< gradients of weights are summed over many steps in one long product (deferred.hpp)
  bool forward = true;  ///< an adjoint that only passes through is handed on by pointer (sweep.hpp)
  bool reuse = true;    ///< values are freed, or overwritten, at their last use (tape_impl.hpp)
};
inline Engine& engine() {
  static Engine e;
  return e;
}

}  // namespace ebb
