#pragma once

namespace ebb {

/// Optimisations that tests and benchmarks can disable while no tape is in use. They change results only by rounding.
struct Engine {
  bool pack = true;     ///< pack right operands of repeated products once for the kernels (packs.hpp)
  bool defer = true;    ///< sum gradients of weights over many steps in one long product (deferred.hpp)
  bool forward = true;  ///< forward adjoints that pass through unchanged by pointer (sweep.hpp)
  bool reuse = true;    ///< free or overwrite values at their last use (tape_impl.hpp)
  bool flush = true;    ///< treat denormal adjoints, and optimiser states, as zero (ops/denormals.hpp)
};
inline Engine& engine() {
  static Engine e;
  return e;
}

}  // namespace ebb
