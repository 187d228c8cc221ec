#include <cmath>
#include <ebb/nn/layers/linear.hpp>

namespace ebb {

namespace {

Init linear_init(int input) {
  const double bound = 1 / std::sqrt(static_cast<double>(input));
  return uniform_init(-bound, bound);
}

}  // namespace

Linear::Linear(Builder p, int input, int output)
    : W(p.matrix("W", input, output, linear_init(input))), b(p.vector("b", output, linear_init(input))) {}

Var Linear::operator()(At x) const {
  const CallSite here{x.where};
  return matmul(static_cast<At&&>(x), W) + b;
}

}  // namespace ebb
