// An op with a hand-written gradient, checked with finite differences.
#include <ebb/autograd/gradcheck.hpp>
#include <ebb/autograd/op.hpp>
#include <iostream>

using ebb::Array;
using ebb::Var;

/// Exponential smoothing down the rows of a matrix.
///
///     y[t] = (1 - a) y[t - 1] + a x[t],   y[-1] = 0
///
/// Shapes    x, y [T, B]
struct Smooth {
  static constexpr auto name = "smooth";
  static constexpr unsigned needs = ebb::need_nothing;  // vjp reads neither x nor y, so the tape does not save them
  double a;

  Array value(const Array& x) const {
    Array y = Array::empty(x.shape(), x.dtype());
    for (int t = 0; t < x.dim(0); ++t)
      for (int b = 0; b < x.dim(1); ++b) {
        const double before = t > 0 ? y.at({t - 1, b}) : 0;
        y[t].set_flat(b, (1 - a) * before + a * x.at({t, b}));
      }
    return y;
  }
  // The adjoint of a filter is the filter run backwards. Written in Vars, it can be differentiated again.
  Var vjp(const Var& g, const Var& /*x*/, const Var& /*y*/) const;
};

Var smooth(ebb::At x, double a) { return ebb::apply(Smooth{a}, x); }

Var Smooth::vjp(const Var& g, const Var&, const Var&) const { return flip(smooth(flip(g, 0), a), 0); }

int main() {
  const ebb::GradcheckReport report = ebb::gradcheck_op(Smooth{.25}, {{5, 2}}, {.order = 2});
  std::cout << report;

  ebb::Tape tape;
  const Var x = ebb::variable(Array::from({4, 1}, {1, 0, 0, 2}));
  const Var y = smooth(x, .5);
  const ebb::Grads g = tape.backward(sum(y * y));
  std::cout << "smooth " << y << "\ngradient of the sum of squares " << g[x] << "\n";
  return report.ok() ? 0 : 1;
}
