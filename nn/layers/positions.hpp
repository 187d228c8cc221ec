#pragma once
#include <ebb/autograd/sequence.hpp>
#include <ebb/nn/param.hpp>

namespace ebb {

enum class PositionKind { learned, sinusoidal };

/// Sinusoidal position encodings.
///
///     P[t, 2 i] = sin(t / 10000^(2 i / D));   P[t, 2 i + 1] = cos(t / 10000^(2 i / D))
///
/// Shapes    [steps, D], float64
/// Source    Vaswani et al. 2017, arXiv:1706.03762
Array sinusoids(int steps, int width);

/// y[t] = x[t] + P[t], with P learned or sinusoidal.
///
/// Shapes    x [T, B, D], T at most `longest`; P [longest, D]
/// Init      learned: normal(0, .02^2)
/// Errors    ValueError if the sequence is longer than `longest`; ShapeError if x is not [T, B, D]
class Positions {
 public:
  Positions(Builder p, int longest, int width, PositionKind kind = PositionKind::learned);
  Sequence operator()(const Sequence& x, std::source_location where = std::source_location::current()) const;

 private:
  Param learned_;
  Array table_;  // the sinusoids; empty if learned
  int longest_, width_;
};

}  // namespace ebb
