#include <ebb/nn/layers/linear.hpp>

namespace ebb {

Linear::Linear(Builder p, int input, int output)
    : W(p.matrix("W", input, output, fan_in_uniform(input))), b(p.vector("b", output, fan_in_uniform(input))) {}

Var Linear::operator()(At x) const {
  const CallSite here{x.where};
  return matmul(static_cast<At&&>(x), W) + b;
}

}  // namespace ebb
