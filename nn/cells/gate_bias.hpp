#pragma once
#include <ebb/nn/param.hpp>

namespace ebb {

/// The block of a bias that belongs to the gate that keeps the state.
struct KeepGate {
  int block;
  double bias = 0;  ///< its initial value; 0: like the others
  int write = -1;   ///< block of the gate that writes, if there is a separate one
  double sign = 1;  ///< -1 for a gate that keeps the state when it is near zero
};

/// The bias of a cell with several gates, one block of H columns each. Adds an option to the cell, chrono=T: the
/// initial time scales of the keep gate range up to T steps.
///
///     chrono: b_keep = ln u, u in U[1, T - 1);   b_write = -b_keep
///
/// Shapes    [gates * H]
/// Init      the other blocks by `others`, by default uniform in +-1/sqrt(H)
/// Source    Jozefowicz et al. 2015 for a forget gate's 1; chrono: Tallec & Ollivier 2018, arXiv:1804.11188
Param gate_bias(const Builder&, const char* name, int hidden, int gates, const KeepGate&, const Init& others);
Param gate_bias(const Builder&, const char* name, int hidden, int gates, const KeepGate&);

}  // namespace ebb
