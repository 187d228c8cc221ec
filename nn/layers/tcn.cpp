#include <fmt/format.h>
#include <algorithm>
#include <ebb/nn/layers/tcn.hpp>
#include <ebb/nn/sequence/dropout.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/reduce.hpp>
#include <string>

namespace ebb {

namespace {

/// The norms of the columns, [O]; with these as g the initial weights are v.
Array lengths_of(const Array& v) { return sqrt(sum(v * v, 0)); }

Tcn::Convolution convolution(const Builder& p, int fan_in, int width) {
  const Array v = p.initial_values("v", {fan_in, width}, fan_in_uniform(fan_in));
  return {p.trained("v", v), p.trained("g", lengths_of(v)), p.vector("b", width, fan_in_uniform(fan_in))};
}

Tcn::Block block(const Builder& p, int input, int width, int kernel) {
  Tcn::Block b{
      convolution(p / "first", kernel * input, width), convolution(p / "second", kernel * width, width), {}, {}};
  if (input == width) return b;
  b.S = p.matrix("S", input, width, fan_in_uniform(input));
  b.s = p.vector("s", width, fan_in_uniform(input));
  return b;
}

Var run(const Tcn::Convolution& c, const Var& x, const Conv1dOptions& o) {
  const Var v = var_of(c.v);
  return relu(conv1d(x, v * (c.g / sqrt(sum(square(v), 0))), o) + c.b);
}

}  // namespace

Tcn::Tcn(Builder p, int input, const std::vector<int>& channels, TcnOptions o) : options(o) {
  if (channels.empty()) throw ValueError("tcn: the network has no blocks");
  if (const int narrowest = std::min(input, *std::min_element(channels.begin(), channels.end())); narrowest < 1)
    throw ValueError(fmt::format("tcn: widths must be at least 1, but one is {}", narrowest));
  if (o.kernel < 1) throw ValueError(fmt::format("tcn: the kernel must be at least 1, but is {}", o.kernel));
  if (std::ldexp(o.kernel, static_cast<int>(std::min<std::size_t>(channels.size(), 64))) > 1 << 28)
    throw ValueError(fmt::format("tcn: the receptive field of {} blocks with a kernel of {} overflows an int",
                                 channels.size(), o.kernel));
  if (!(o.dropout >= 0 && o.dropout < 1))
    throw ValueError(fmt::format("tcn: dropout must be at least 0 and less than 1, but is {}", o.dropout));
  for (const int width : channels) {
    blocks.push_back(block(p / std::to_string(blocks.size() + 1).c_str(), input, width, o.kernel));
    input = width;
  }
}

Sequence Tcn::operator()(const Sequence& x, const StepContext& at) const {
  Var y = x.all();
  int dilation = 1;
  for (std::size_t l = 0; l < blocks.size(); ++l, dilation *= 2) {
    const Block& b = blocks[l];
    const StepContext mask = at.named(std::to_string(l + 1).c_str());
    const Conv1dOptions o{.kernel = options.kernel, .dilation = dilation, .padding = Padding::causal};
    const Sequence h = dropout(Sequence(run(b.first, y, o)), options.dropout, mask, "first");
    const Sequence f = dropout(Sequence(run(b.second, h.all(), o)), options.dropout, mask, "second");
    y = relu(f.all() + (b.S ? matmul(y, b.S) + b.s : y));
  }
  return y;
}

int Tcn::reach() const { return 1 + 2 * (options.kernel - 1) * ((1 << blocks.size()) - 1); }

}  // namespace ebb
