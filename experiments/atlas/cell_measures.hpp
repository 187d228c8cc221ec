#pragma once
#include <ebb/experiments/cli/fields.hpp>
#include <string>
#include <vector>

/// `ebb atlas`: one page a cell, made from its source and its measures.
namespace ebb::app::atlas {

/// How cells are measured.
struct Sizes {
  int hidden = 64, wide = 128;                ///< H and I; of the dynamics, and of the time
  int rows = 32, steps = 100, repeats = 7;    ///< of the updates whose time is taken
  int lags = 200, sequences = 4;              ///< of the gradient curve
  int exponents = 16, lyapunov_steps = 1000;  ///< directions that are followed
  int starts = 24, most_state = 512;          ///< of the search for fixed points; numbers of a state, at most
  static Sizes quick();
};

/// What is known of a cell with initial weights, seed 1. Rates are in nats per step.
struct CellMeasures {
  std::string cell, about, file;              ///< name; as `ebb cells` prints it; of its registration
  std::string date, version, machine;         ///< "2026-01-31"; "0.2.0 at 1a2b3c4"; the processor
  int hidden = 0, wide = 0, state = 0;        ///< H of the dynamics and of the time; numbers of a state at `hidden`
  double weights = 0, wide_weights = 0;       ///< with as many inputs as units
  double update = 0, relative = 0;            ///< seconds of an update on one thread; the same for lstm = 1
  int lag_step = 1;                           ///< lags between two points of the curve
  std::vector<double> curve{};                ///< ln of |dL_T/ds_t| / |dL_T/ds_T|, mean over sequences
  double rate = 0, rate_error = 0;            ///< of the gradient, below zero if it vanishes
  std::vector<double> exponents{}, errors{};  ///< the leading Lyapunov exponents
  double stable = 0, saddles = 0, manifolds = 0, slow = 0;  ///< fixed points; slow points
  double starts = 0, ended_fixed = 0, unfinished = 0;       ///< of the search
  std::map<std::string, std::string> missing{};  ///< why something could not be measured: "fixed points" -> reason

  double half_life() const;  ///< steps in which the gradient halves, negative if it doubles
  bool has(const std::string& what) const { return missing.count(what) == 0; }
};
void visit(Fields&, CellMeasures&);

/// Measures a cell, given by its name with options, on new weights with normal inputs.
///
///     weights      trained values of the cell
///     time         an update, forward and backward through `steps`, in turn with lstm's; the ratio of medians
///     gradient     gradient_norms of a random linear readout of the last output
///     exponents    lyapunov along the inputs
///     fixed points fixed_points with zero input, from states along the inputs
///
/// Errors    as make_cell; what cannot be measured is in `missing`, with the reason
CellMeasures measure_cell(const std::string& name, const Sizes&);

}  // namespace ebb::app::atlas
