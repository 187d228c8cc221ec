#include <cmath>
#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cell.hpp>
#include <ebb/ops/error.hpp>
#include <span>
#include <tuple>

namespace ebb {
namespace {

constexpr const char* head_names[8] = {"head1", "head2", "head3", "head4", "head5", "head6", "head7", "head8"};

/// LSTM with exponential gates, a normaliser n in addition to the cell state, and a stabiliser m that keeps the
/// exponents at or below zero.
///
///     [i f z o] = x W + b + h R,  R block-diagonal, one block per head;   m' = max(i, m + log sigmoid(f))
///     I = exp(i - m'),  F = exp(m + log sigmoid(f) - m');   c' = F c + I tanh(z);   n' = F n + I;   h' = sigmoid(o) c' / n'
///
/// Shapes    x [B, I]; h, c, n, m [B, H]; W [I, 4H], b [4H], both ordered by head, each with the blocks i f z o; R1,
///           R2, ... [H/heads, 4H/heads]
/// Options   heads=4 (1 if H is not a multiple of 4); depth=0, the layer's relative depth, 0 the first, 1 the last
/// Init      W uniform in +-1/sqrt(H), R zero; b zero except f's block, which is 5 - 12 (k / (d - 1))^(.3 + 1.3 depth)
///           for unit k = 0 ... d - 1 of a head
/// Numerics  n = 0 means that nothing has been written yet, as before the first step. m then counts as -infinity, so
///           that m' is i, however small, and F is zero. Afterwards n is at least one
/// Cost      8 H (I + H / heads) flops per row and step
/// Source    Beck et al. 2024, arXiv:2405.04517
struct SLstm {
  struct State {
    Var h, c, n, m;
  };
  Param W, b, R[8];
  int heads, width;

  SLstm(Builder p, CellSizes s) {
    heads = p.whole("heads", s.hidden % 4 == 0 ? 4 : 1, 1, 8, "blocks of the recurrent matrix, at most 8");
    if (s.hidden % heads != 0) p.reject("heads", "must divide the hidden size");
    width = s.hidden / heads;
    W = p.matrix("W", s.input, 4 * s.hidden);
    b = p.trained("b", bias(p.option("depth", 0, "relative depth of the layer, 0 the first, 1 the last")));
    constexpr const char* names[8] = {"R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8"};
    for (int k = 0; k < heads; ++k) R[k] = p.matrix(names[k], width, 4 * width, zero_init);
    p.state("h", &State::h, {s.hidden});
    p.state("c", &State::c, {s.hidden});
    p.state("n", &State::n, {s.hidden});
    p.state("m", &State::m, {s.hidden}, -1e4);
  }

  Array bias(double depth) const {
    Array a = Array::zeros({4 * heads * width}, f64);
    for (int head = 0; head < heads; ++head)
      for (int k = 0; k < width; ++k)
        a.set_flat((4 * head + 1) * width + k, 5 - 12 * std::pow(width > 1 ? k / (width - 1.0) : 0, .3 + 1.3 * depth));
    return a;
  }

  State head_step(const Var& pre, const State& s) const {
    auto [m, c, n, h] = fuse(
        [](auto i, auto f, auto z, auto o, auto c, auto n, auto m) {
          auto first = equal(n, 0);
          auto kept = where(first, i, m - softplus(-f));
          auto m1 = max(i, kept);
          auto in = watch("i", exp(i - m1));
          auto keep = watch("f", where(first, 0, exp(kept - m1)));
          auto c1 = keep * c + in * watch("z", tanh(z));
          auto n1 = keep * n + in;
          return std::tuple{m1, c1, n1, watch("o", sigmoid(o)) * c1 / n1};
        },
        split<4>(pre), s.c, s.n, s.m);
    return {.h = h, .c = c, .n = n, .m = m};
  }

  State step(const Var& x, const State& s) const { return next(x, s, s.h); }
  State step(const Var& x, const State& s, const StateDrop& d) const { return next(x, s, d.state(s.h)); }

 private:
  /// The step; `seen` is the h that enters the recurrent product, with or without dropout.
  State next(const Var& x, const State& s, const Var& seen) const {
    const Var pre = matmul(x, W) + b;
    if (heads == 1) return head_step(pre + matmul(seen, R[0]), s);
    Var h[8], c[8], n[8], m[8];
    for (int k = 0; k < heads; ++k) {
      const WatchScope named(head_names[k]);
      const auto own = [&](const Var& v) { return slice(v, -1, k * width, (k + 1) * width); };
      const State one = head_step(slice(pre, -1, 4 * k * width, 4 * (k + 1) * width) + matmul(own(seen), R[k]),
                                  {.h = own(s.h), .c = own(s.c), .n = own(s.n), .m = own(s.m)});
      h[k] = one.h;
      c[k] = one.c;
      n[k] = one.n;
      m[k] = one.m;
    }
    const auto joined = [&](const Var* parts) { return concat(std::span(parts, static_cast<std::size_t>(heads))); };
    return {.h = joined(h), .c = joined(c), .n = joined(n), .m = joined(m)};
  }
};
EBB_CELL(slstm, SLstm, "LSTM with exponential gates, a normaliser and heads (xLSTM), Beck et al. 2024");

}  // namespace
}  // namespace ebb
