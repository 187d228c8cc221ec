#include <cmath>
#include <ebb/nn/gate_bias.hpp>

namespace ebb {

Param gate_bias(const Builder& p, const char* name, int hidden, int gates, int gate, double value, const Init& others) {
  Array bias = p.start(name, {gates * hidden}, others);
  if (value != 0) bias.column_block(gate * hidden, (gate + 1) * hidden).fill(value);
  return p.trained(name, bias);
}

Param gate_bias(const Builder& p, const char* name, int hidden, int gates, int gate, double value) {
  const double bound = 1 / std::sqrt(static_cast<double>(hidden));
  return gate_bias(p, name, hidden, gates, gate, value, uniform_init(-bound, bound));
}

}  // namespace ebb
