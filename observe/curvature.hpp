#pragma once
#include <ebb/autograd/tape.hpp>
#include <ebb/observe/lanczos.hpp>
#include <ebb/observe/objective.hpp>
#include <ebb/observe/parameter_vector.hpp>
#include <ebb/observe/spectral_density.hpp>

namespace ebb {

/// v -> H v for the Hessian of a loss with respect to all trained parameters, which are one vector theta [N] here: the
/// stored values, before transforms, one parameter after another in the order of the set, each in row-major order.
///
///     const HessianProduct H({w, [&] { return mean(squared_error(model(x), constant(y))); }});
///     const LeadingEigenvalues ends = leading_eigenvalues(H.size(), std::ref(H));
///     const SpectralDensity density = spectral_density(H.size(), std::ref(H));
///
/// Errors    TapeError if an op of the loss has a first-order gradient only, or for a product while a tape that was
///           created later is open, or on another thread; those of the loss
/// Numerics  float64
/// Cost      the loss and its gradient are recorded once and kept; a product is one sweep over that record, about twice
///           the flops of a gradient
/// Source    Pearlmutter 1994, doi:10.1162/neco.1994.6.1.147
class HessianProduct {
 public:
  explicit HessianProduct(const Objective&);
  int size() const { return p_.size(); }   ///< N
  Array operator()(const Array& v) const;  ///< [N] -> [N]
  double loss() const { return loss_; }
  Array gradient() const { return gradient_.value(); }  ///< [N]

 private:
  const Objective objective_;
  const detail::ParameterVector p_;
  Tape tape_;
  Var theta_, gradient_;
  double loss_ = 0;
};

/// v -> G v for the generalised Gauss-Newton matrix: the Hessian without the curvature of the model itself, positive
/// semidefinite where the loss is convex in the outputs.
///
///     G = J^T L J,   J = d z / d theta,   L the Hessian of the loss with respect to the outputs z
///
///     const GaussNewtonProduct G(w, [&] { return model(x); }, [&](const Var& z) { return mean(squared_error(z, constant(y))); });
///
/// For cross entropy from logits it is the Fisher matrix. z has any shape; the two functions may use other arrays.
///
/// Errors    ShapeError if the loss does not have one element; as HessianProduct
/// Numerics  float64
/// Cost      as for HessianProduct; a product is three sweeps: J v over the recorded gradient of u^T z, L over that of
///           the loss, and J^T over the model
/// Source    Schraudolph 2002, doi:10.1162/08997660260028683; Martens 2020, arXiv:1412.1193
class GaussNewtonProduct {
 public:
  GaussNewtonProduct(const LeafSet&, const std::function<Var()>& outputs, const std::function<Var(const Var& z)>& loss);
  int size() const { return p_.size(); }   ///< N
  Array operator()(const Array& v) const;  ///< [N] -> [N]
  double loss() const { return loss_; }

 private:
  const detail::ParameterVector p_;
  Tape tape_;
  Var theta_, z_, u_, uJ_, at_, slope_;  // slope_: d loss / d z at z = at_, recorded
  double loss_ = 0;
};

}  // namespace ebb
