#pragma once
#include <ebb/autograd/gradcheck.hpp>

/// The numeric half of gradcheck: central differences of a function of one array, with a step for each element.
namespace ebb::detail {

/// A derivative by finite differences, with an error estimate.
struct Difference {
  double value = 0, error = 0;
};

/// Ridders 1982: central differences at decreasing steps, extrapolated to step zero. Takes the table entry that differs
/// least from its neighbours, with that difference as the error, which also includes rounding of the function's values.
/// `at(h)` is the function with the element moved by h; steps are in units of `scale`.
Difference refined_difference(const std::function<double(double)>& at, double scale);

/// "[2, 0]" for a position in row-major order.
std::string element_name(const Shape&, std::int64_t);

/// Compares an analytic gradient with differences of `at(i, x)`, the function's value with element i set to x. `stream`
/// keys the sample of elements if there are more than most_elements.
GradcheckEntry compare(const std::string& name, int order, const Array& x, const Array& analytic,
                       const GradcheckOptions&, std::uint64_t stream,
                       const std::function<double(std::int64_t, double)>& at);

}  // namespace ebb::detail
