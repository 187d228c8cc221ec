#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/layers/norm.hpp>
#include <utility>

namespace ebb {

Var layer_norm(At x, At gain, At shift, double epsilon) {
  const std::source_location where = x.where;
  const Var centred = Arg(x.var, where) - Arg(mean(At(x.var, where), -1, Keep::yes), where);
  const Var variance = mean(At(square(At(centred, where)), where), -1, Keep::yes);
  return fuse([](auto c, auto v, auto gain, auto shift, auto epsilon) { return gain * c / sqrt(v + epsilon) + shift; },
              At(centred, where), variance, gain.var, shift.var, epsilon);
}

LayerNorm::LayerNorm(Builder p, int width)
    : gain(p.vector("gain", width, constant_init(1))), shift(p.vector("shift", width, zero_init)) {}

Var LayerNorm::operator()(At x) const {
  const std::source_location where = x.where;
  return layer_norm(std::move(x), At(gain, where), At(shift, where));
}

}  // namespace ebb
