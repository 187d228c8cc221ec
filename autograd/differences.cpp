#include <ebb/autograd/differences.hpp>

#include <algorithm>
#include <cmath>
#include <ebb/ops/error.hpp>
#include <ebb/ops/random.hpp>
#include <ebb/ops/reduce.hpp>
#include <limits>

namespace ebb {
namespace {

constexpr double double_epsilon = std::numeric_limits<double>::epsilon();
constexpr double value_rounding = 16;  // assumed rounding error of the function's value, in epsilons
constexpr double judged_to = 1e-2;     // relative to the entry; with a larger possible error the entry is not judged
constexpr int ridders_levels = 9;
constexpr double ridders_first_step = 4e-3, ridders_shrink = 4;  // down to 6e-8
constexpr int small_names_kept = 8;

/// All elements, or a random sample if there are more than most_elements.
std::vector<std::int64_t> elements_of(const Array& a, const GradcheckOptions& o, std::uint64_t stream) {
  if (o.most_elements < 1)
    throw ValueError("gradcheck: most_elements must be at least 1, not " + std::to_string(o.most_elements));
  std::vector<std::int64_t> out;
  const std::int64_t n = a.size();
  if (n <= o.most_elements) {
    for (std::int64_t i = 0; i < n; ++i) out.push_back(i);
  } else {
    const Key key = Key{o.seed}.named("gradcheck elements").at(stream);
    for (int k = 0; k < o.most_elements; ++k)
      out.push_back(static_cast<std::int64_t>(key.bits(static_cast<std::uint64_t>(k)) % static_cast<std::uint64_t>(n)));
  }
  return out;
}

/// The result for one element.
struct Judgement {
  double analytic = 0, numeric = 0, allowed = 0;
  bool small = false;  // too small to judge
  double error() const { return std::abs(analytic - numeric); }
  double size() const { return std::max(std::abs(analytic), std::abs(numeric)); }
  bool ok() const { return error() <= allowed; }
  /// The error relative to the tolerance; NaN counts as infinite.
  double excess() const {
    if (!(error() == error())) return std::numeric_limits<double>::infinity();
    return error() == 0 ? 0 : error() / std::max(allowed, std::numeric_limits<double>::min());
  }
};

/// A single difference at the given step suffices if it agrees. Only otherwise is the best step searched for, which
/// takes eighteen function values.
Judgement judge(double analytic, double step, double scale, double gradient_rounding, double tolerance,
                const std::function<double(double)>& at) {
  Judgement j{.analytic = analytic};
  const double h = step * scale;
  j.numeric = (at(h) - at(-h)) / (2 * h);
  j.allowed = tolerance * j.size();
  if (j.ok() || !std::isfinite(analytic)) return j;
  const detail::Difference d = detail::refined_difference(at, scale);
  j.numeric = d.value;
  const double doubt = d.error + gradient_rounding;
  j.allowed = tolerance * j.size() + doubt;
  j.small = j.ok() && doubt > judged_to * j.size();
  return j;
}

}  // namespace

detail::Difference detail::refined_difference(const std::function<double(double)>& at, double scale) {
  double table[ridders_levels][ridders_levels] = {};
  Difference best{std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()};
  double h = ridders_first_step * scale;
  for (int i = 0; i < ridders_levels; ++i, h /= ridders_shrink) {
    const double up = at(h), down = at(-h),
                 noise = value_rounding * double_epsilon * std::max(std::abs(up), std::abs(down)) / h;
    table[0][i] = (up - down) / (2 * h);
    double factor = 1;
    for (int j = 1; j <= i; ++j) {
      factor *= ridders_shrink * ridders_shrink;
      table[j][i] = (table[j - 1][i] * factor - table[j - 1][i - 1]) / (factor - 1);
      const double error =
          2 * std::max(std::abs(table[j][i] - table[j - 1][i]), std::abs(table[j][i] - table[j - 1][i - 1])) + noise;
      if (error < best.error) best = {table[j][i], error};
    }
  }
  return best;
}

std::string detail::element_name(const Shape& s, std::int64_t i) {
  int index[Shape::max_rank] = {};
  for (int k = s.rank() - 1; k >= 0; --k) {
    index[k] = static_cast<int>(i % s[k]);
    i /= s[k];
  }
  std::string out = "[";
  for (int k = 0; k < s.rank(); ++k) out += (k ? ", " : "") + std::to_string(index[k]);
  return out + "]";
}

GradcheckEntry detail::compare(const std::string& name, int order, const Array& x, const Array& analytic,
                               const GradcheckOptions& o, std::uint64_t stream,
                               const std::function<double(std::int64_t, double)>& at) {
  GradcheckEntry e;
  e.input = name;
  e.order = order;
  e.influence = largest_magnitude(analytic) != 0;
  const double gradient_rounding = 64 * double_epsilon * largest_magnitude(analytic);
  double worst = -1;
  for (const std::int64_t i : elements_of(x, o, stream)) {
    const double v = x.at_flat(i);
    const Judgement j = judge(analytic.at_flat(i), o.step, std::max(1.0, std::abs(v)), gradient_rounding, o.tolerance,
                              [&](double h) { return at(i, v + h); });
    ++e.elements;
    e.influence |= j.numeric != 0;
    e.ok &= j.ok();
    if (j.small && ++e.too_small <= small_names_kept) e.small_elements.push_back(element_name(x.shape(), i));
    if (j.excess() > worst) {
      worst = j.excess();
      e.element = element_name(x.shape(), i);
      e.analytic = j.analytic;
      e.numeric = j.numeric;
      e.error = j.error();
      e.scale = j.size();
    }
  }
  return e;
}

}  // namespace ebb
