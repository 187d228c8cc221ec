#pragma once
#include <ebb/autograd/var_function.hpp>
#include <ebb/observe/objective.hpp>
#include <string>
#include <vector>

namespace ebb {

struct GradientByTimeOptions {
  int every = 1;  ///< time steps per part
};

/// The gradient of a loss, split by the time step at which a parameter is used and by parameter.
struct GradientByTime {
  double loss = 0;
  std::vector<std::string> parameters;  ///< L names of trained parameters
  std::vector<Shape> shapes;            ///< of the parameters
  std::vector<int> times;  ///< n, the first time step of each part, ascending; -1 first, for uses outside time steps
  Array parts;             ///< [n, N], the parameters one after another, each in row-major order
  Array whole;             ///< [N], the gradient by an ordinary backward, without the split
  Array norms;             ///< [n, L], Euclidean norms of the parts
  Array shares;            ///< [n, L], part . whole / |whole|^2 over the parameter's elements; the sum of all is one
  double difference = 0;   ///< largest |sum of parts - whole|, as a share of the largest element of whole

  /// One part of one parameter's gradient, in its shape. Errors: ValueError for an unknown name
  Array part(int n, const std::string& parameter) const;
};

/// dL/dW by time step. Each time step of the tape reads a copy of the parameters of its own, and the part of step t is
/// the gradient with respect to that copy:
///
///     dL/dW = sum over t of dL/dW_t,   W_t the parameter as used at step t
///
///     const GradientByTime g = gradient_by_time({w, [&] { return mean(loss_of(unroll(*cell, constant(x), at))); }});
///
/// This holds for any cell, fused or not, and for parameters with transforms. `unroll` and loops over `steps(T)` set
/// the time. Parameters used outside such loops, as by a readout of all steps at once, form the part of time -1; apply
/// the readout within a loop to split it as well. Several runs in one loss, such as layers, share the times.
///
/// Errors    ValueError if `every` is below 1; those of the loss
/// Numerics  float64; `difference` compares the sum of the parts with a backward that knows nothing of them, and is
///           about 1e-15 unless the loss is not deterministic or very sensitive
/// Cost      two backwards, and n N numbers for the parts. Transforms of parameters are evaluated once per part
GradientByTime gradient_by_time(const Objective&, const GradientByTimeOptions& = {});

/// The gradient of a loss with respect to the inputs of each step.
struct Saliency {
  double loss = 0;
  Array gradient;       ///< [T, B, I], dL/dx
  Array norms;          ///< [T, B], Euclidean over the features
  Array contributions;  ///< [T, B], sum over the features of x dL/dx: of a linear model, the part of each input in L
};

/// dL/dx by source step and feature. For tokens, pass the embedded inputs.
///
///     const Saliency s = saliency(x, [&](const Var& in) { return mean(loss_of(unroll(*cell, in, at))); });
///
/// Shapes    x [T, B, I]
/// Errors    ShapeError for other shapes, or if the loss does not have one element
/// Cost      one backward in float64
/// Source    Simonyan, Vedaldi & Zisserman 2013, arXiv:1312.6034; x dL/dx: Shrikumar et al. 2016, arXiv:1605.01713
Saliency saliency(const Array& x, const VarFunction& loss);

}  // namespace ebb
