#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cell.hpp>

namespace ebb {
namespace {

constexpr int deepest = 10;
constexpr const char* highway_names[deepest] = {"1", "2", "3", "4", "5", "6", "7", "8", "9", "10"};
constexpr const char* highway_weights[deepest] = {"R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8", "R9", "R10"};
constexpr const char* highway_biases[deepest] = {"b1", "b2", "b3", "b4", "b5", "b6", "b7", "b8", "b9", "b10"};

/// Recurrent highway network: each step passes the state through several highway layers, of which the first sees the
/// input.
///
///     s = h;   for l = 1 ... depth:  [p t] = s Rl + bl, and x W too if l = 1;  s = s + sigmoid(t) * (tanh(p) - s)
///     h' = s
///
/// Shapes    x [B, I]; h [B, H]; W [I, 2H], R1, R2, ... [H, 2H], b1, b2, ... [2H]
/// Options   depth=4, highway layers per step; transform_bias=-2, initial bias of t: the authors' values for words; 10
///           and -4 for characters
/// Init      all uniform in +-.04, t's blocks of the biases as transform_bias
/// Cost      4 H (I + depth H) flops per row and step
/// Source    Zilly et al. 2017, arXiv:1607.03474, and the authors' code
struct RecurrentHighway {
  Param W, R[deepest], b[deepest];
  int depth;

  RecurrentHighway(Builder p, CellSizes s) {
    const int H = s.hidden;
    const Init start = uniform_init(-.04, .04);
    depth = p.whole("depth", 4, 1, deepest, "highway layers per step, at most 10");
    const double transform = p.option("transform_bias", -2, "initial bias of the transform gates");
    W = p.matrix("W", s.input, 2 * H, start);
    for (int l = 0; l < depth; ++l) {
      R[l] = p.matrix(highway_weights[l], H, 2 * H, start);
      Array bias = p.initial_values(highway_biases[l], {2 * H}, start);
      bias.column_block(H, 2 * H).fill(transform);
      b[l] = p.trained(highway_biases[l], bias);
    }
  }

  Hidden step(const Var& x, const Hidden& s) const {
    return next(x, s, [](const Var& h) { return h; });
  }
  Hidden step(const Var& x, const Hidden& s, const StateDrop& d) const {
    return next(x, s, [&](const Var& h) { return d.state(h); });
  }

 private:
  /// The step; seen(s) enters the recurrent products, with the same mask in each layer or without dropout.
  template <class Seen> Hidden next(const Var& x, const Hidden& s, const Seen& seen) const {
    Var h = s.h;
    for (int l = 0; l < depth; ++l) {
      const WatchScope named(highway_names[l]);
      const Var recurrent = matmul(seen(h), R[l]) + b[l];
      h = fuse([](auto p, auto t, auto h) { return h + watch("t", sigmoid(t)) * (watch("p", tanh(p)) - h); },
               split<2>(l == 0 ? matmul(x, W) + recurrent : recurrent), h);
    }
    return {h};
  }
};
EBB_CELL(rhn, RecurrentHighway, "Recurrent highway network: several highway layers per step, Zilly et al. 2017");

}  // namespace
}  // namespace ebb
