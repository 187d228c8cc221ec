#pragma once

/// Distributions that the statistics need, in float64, from Boost.Math, which only distributions.cpp includes.
namespace ebb::app::statistics {

/// The standard normal distribution: P(Z <= x), and the x of a probability.
double normal_cdf(double x);
double normal_quantile(double p);
/// Student's t with so many degrees of freedom.
double t_cdf(double x, double degrees);
double t_quantile(double p, double degrees);
/// P(|T| > x) for T = (Z + noncentrality) / sqrt(chi^2 / degrees), the noncentral t.
double noncentral_t_two_sided(double x, double degrees, double noncentrality);

}  // namespace ebb::app::statistics
