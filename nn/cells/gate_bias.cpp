#include <ebb/nn/cells/gate_bias.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>

namespace ebb {

Param gate_bias(const Builder& p, const char* name, int hidden, int gates, const KeepGate& keep, const Init& others) {
  Array bias = p.initial_values(name, {gates * hidden}, others);
  const auto block = [&](int k) { return bias.column_block(k * hidden, (k + 1) * hidden); };
  const double longest =
      p.option("chrono", 0, "longest dependency in steps, for chrono initialisation of the gates' biases; 0: not used");
  if (longest != 0 && !(longest > 2)) p.reject("chrono", "the longest dependency must be more than 2 steps");
  if (longest > 0) {
    const Array b = log(p.initial_values(name, {hidden}, uniform_init(1, longest - 1))) * keep.sign;
    block(keep.block).assign(b);
    if (keep.write >= 0) block(keep.write).assign(b * -1);
  } else if (keep.bias != 0) {
    block(keep.block).fill(keep.sign * keep.bias);
  }
  return p.trained(name, bias);
}

Param gate_bias(const Builder& p, const char* name, int hidden, int gates, const KeepGate& keep) {
  return gate_bias(p, name, hidden, gates, keep, fan_in_uniform(hidden));
}

}  // namespace ebb
