#pragma once
#include <ebb/autograd/gradcheck.hpp>

/// The numeric half of gradcheck: central differences of a function of one array, each element with the step that suits
/// it.
namespace ebb::detail {

/// A derivative by differences, and how far off it may be.
struct Difference {
  double value = 0, error = 0;
};

/// Ridders 1982: central differences at falling steps, extrapolated to step zero; the entry of the table that differs
/// least from its neighbours is taken, and that difference is the error. `at(h)` is the function with the element moved
/// by h; steps are in units of `scale`. What rounding makes of the function's values is in the error too.
Difference refined_difference(const std::function<double(double)>& at, double scale);

/// "[2, 0]" for a place in row-major order.
std::string element_name(const Shape&, std::int64_t);

/// Compares an analytic gradient with differences of `at(i, x)`, the function's value with element i at x instead.
/// `stream` keys the sample of elements, if there are more than the options ask for.
GradcheckEntry compare(const std::string& name, int order, const Array& x, const Array& analytic,
                       const GradcheckOptions&, std::uint64_t stream,
                       const std::function<double(std::int64_t, double)>& at);

}  // namespace ebb::detail
