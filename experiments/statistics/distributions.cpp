#include <boost/math/distributions/non_central_t.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <ebb/experiments/statistics/distributions.hpp>

namespace ebb::app::statistics {

double normal_cdf(double x) { return .5 * std::erfc(-x / std::sqrt(2.0)); }
double normal_quantile(double p) { return boost::math::quantile(boost::math::normal(), p); }
double t_cdf(double x, double degrees) { return boost::math::cdf(boost::math::students_t(degrees), x); }
double t_quantile(double p, double degrees) { return boost::math::quantile(boost::math::students_t(degrees), p); }

double noncentral_t_two_sided(double x, double degrees, double noncentrality) {
  const boost::math::non_central_t t(degrees, noncentrality);
  return boost::math::cdf(boost::math::complement(t, x)) + boost::math::cdf(t, -x);
}

}  // namespace ebb::app::statistics
